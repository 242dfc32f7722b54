"""What the tests of the cache of machine code share: tiny programs of native code, and the files that they leave."""

import ctypes

from tinygraph.run.native import compiler, disk


def text(number):
    return f"define i64 @plus(i64 %x) #0 {{ %y = add i64 %x, {number} ret i64 %y }}"


def plus(number):
    """``number``, computed by native code."""
    code = compiler.compile_text(text(number))
    return ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(code.address("plus"))(1) - 1


def key(number):
    return compiler._key(text(number), False)


def counted(function):
    """How many texts ``function`` compiled, and how many it found on disk."""
    count, stored = compiler.compiled.count, compiler.compiled.from_disk
    function()
    return compiler.compiled.count - count, compiler.compiled.from_disk - stored


def again(number):
    """As `counted`, in a process that has compiled nothing yet; and the number must be right."""
    compiler.forget()

    def right():
        assert plus(number) == number

    return counted(right)


def files():
    return sorted(disk.folder().glob("*.o"))


COMPILED, STORED = (1, 0), (0, 1)
