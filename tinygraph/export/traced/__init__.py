"""What all exporters share: functions and layers by names of their inputs, traced over an example, sizes left free."""
