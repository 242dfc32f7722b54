"""Native code for plans: LLVM text of our own, compiled by llvmlite.

How a list of actions becomes a function that runs, in the order to read it (`run/by_native.py` puts it together):

- `table`: an action's sizes, strides and addresses go into a table of int64, and what is left is its form; so the
  code depends on forms alone, and another T or B only fills another table.
- `text`: LLVM text by Python expressions; `maths` (exp, tanh, ...) and `instructions` (every element-wise op) use it.
- `access`, `elementwise`, `reduction`, `program`: loops over views in whole vectors, and the program around them.
- `product_block`: how a program calls whoever does its matrix products.
- `compiler`, `disk`: machine code of a text, kept in memory and from process to process.
"""
