"""Matrix products: our own kernels, the installed BLAS libraries, and a choice by measurement.

Native code: ``kernel = choose(problem, steps)``, then ``kernel.install(block, scratch)`` (`choose`, `problem`).
numpy alone: ``form = choose_numpy(problem, steps)`` (`numpy_forms`).
Below them: register tiles (`tiles`), packing of weights (`packing`), our product (`gemm`), BLAS (`blas`, `adaptors`),
several threads (`sharing`).
"""
