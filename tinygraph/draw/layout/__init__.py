"""Layout: columns in time order, rows in each column, and the routes of arrows between boxes."""
