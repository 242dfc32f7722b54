"""Native code for plans: generates LLVM IR and compiles it with llvmlite.

How a list of actions becomes a function, in reading order (`run/by_native.py` combines the parts):

- `table`: the sizes, strides and addresses of an action go into a table of int64; the rest is its form. The code
  depends on forms alone: for another T or B only the table differs.
- `text`: writes LLVM IR by Python expressions; `maths` (exp, tanh, ...) and `instructions` (element-wise ops) use it.
- `access`, `elementwise`, `reduction`, `program`: loops over views in whole vectors, and the program around them.
- `product_block`: the function pointers by which a program calls the kernels of its matrix products.
- `compiler`, `disk`: compile LLVM IR to machine code; cache it in memory and on disk.
"""
