"""Matrix products of plans: kernels of our own, the BLAS libraries present, and a choice among them by measuring.

Native code: ``way = choose(question, steps, threads)``, then ``way.install(block, scratch)`` (`choose`, `question`).
numpy alone: ``form = choose_numpy(question, steps)`` (`numpy_forms`).
Below them: register tiles (`tiles`), packing of weights (`packing`), our product (`kernel`), BLAS (`blas`, `adaptors`),
several threads (`sharing`).
"""
