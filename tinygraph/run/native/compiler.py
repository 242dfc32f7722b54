"""LLVM text to machine code, by llvmlite: compiled once for a processor, kept in memory and on disk."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cache
from threading import RLock
from typing import Any

from . import disk

FORMAT = 1
"""Raised when the same text must be compiled anew: other passes, other flags."""


@dataclass
class Count:
    """What was done so far in this process.

    Attributes:
        count: texts compiled to machine code here.
        from_disk: texts whose machine code was found on disk.
    """

    count: int = 0
    from_disk: int = 0


compiled = Count()
_libraries: dict[tuple[str, bool], MachineCode] = {}
_lock = RLock()


@dataclass(frozen=True, eq=False)
class MachineCode:
    """Machine code of one text; it lives as long as this does.

    Attributes:
        engine: llvmlite's owner of the code.
        addresses: of the functions that were asked for so far.
    """

    engine: Any
    addresses: dict[str, int] = field(default_factory=dict)

    def address(self, name: str) -> int:
        """Where the function ``name`` starts.

        Raises:
            KeyError: the text defines no such function.
        """
        found = self.addresses.get(name)
        if not found:
            with _lock:
                found = self.addresses[name] = self.engine.get_function_address(name)
        if not found:
            raise KeyError(f"no function {name!r} in this native code")
        return found


def compile_text(text: str, tidy: bool = False) -> MachineCode:
    """Machine code of LLVM ``text``: from memory, else from disk, else compiled.

    The text defines functions and leaves out target and data layout. A function may carry the attribute
    group ``#0``, which is defined here and asks for the processor's widest vectors. Symbols of the C
    library (``pow``) are found by name. Safe with threads, and with other processes at the same folder.

    Args:
        text: of an LLVM module.
        tidy: the text is written as it should run, in whole vectors: LLVM puts variables into registers and loops
            into their best order, and leaves out its other passes. For an LSTM's training step they took 90 ms of
            155 and gained nothing.

    Raises:
        RuntimeError: the text is not LLVM; the message says where.

    Example:
        >>> import ctypes
        >>> from tinygraph.run.native.compiler import compile_text
        >>> text = "define i64 @twice(i64 %x) #0 { %y = shl i64 %x, 1 ret i64 %y }"
        >>> address = compile_text(text).address("twice")  # doctest: +SKIP
        >>> ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(address)(21)  # doctest: +SKIP
        42
    """
    found = _libraries.get((text, tidy))
    if found is None:
        with _lock:
            found = _libraries.get((text, tidy))
            if found is None:
                found = _libraries[text, tidy] = _load(_object(text, tidy))
    return found


def _object(text: str, tidy: bool) -> bytes:
    key = _key(text, tidy)
    code = disk.read(key)
    if code is not None:
        compiled.from_disk += 1
        return code
    machine = _machine()
    code = machine.emit_object(_optimised(text, tidy, machine))
    compiled.count += 1
    disk.write(key, code)
    return code


def _load(code: bytes) -> MachineCode:
    import llvmlite.binding as llvm

    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return MachineCode(engine)


def _key(text: str, tidy: bool) -> str:
    import llvmlite
    import llvmlite.binding as llvm

    told = (FORMAT, tidy, llvmlite.__version__, llvm.llvm_version_info, llvm.get_process_triple(), *_host(), text)
    return hashlib.sha256("\n".join(map(str, told)).encode()).hexdigest()


@cache
def _host() -> tuple[str, str]:
    """Name and features of this processor."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()


def vector_bytes() -> int:
    """Bytes of this processor's widest vectors: 64, 32 or 16."""
    has = _host()[1].split(",")
    return 64 if "+avx512f" in has else 32 if "+avx2" in has else 16


def _machine() -> Any:
    """A target machine for this processor: an engine takes it over, so each needs one of its own."""
    import llvmlite.binding as llvm

    name, features = _host()
    target = llvm.Target.from_triple(llvm.get_process_triple())
    return target.create_target_machine(cpu=name, features=features, opt=3, jit=True)


def _optimised(text: str, tidy: bool, machine: Any) -> Any:
    """The module of ``text`` after LLVM's passes: all of them, loops and straight lines vectorised, or the few."""
    import llvmlite.binding as llvm

    widest = f'\nattributes #0 = {{ nounwind "prefer-vector-width"="{8 * vector_bytes()}" }}\n'
    module = llvm.parse_assembly(text + widest)
    module.triple = llvm.get_process_triple()
    module.data_layout = str(machine.target_data)
    module.verify()
    tuning = llvm.create_pipeline_tuning_options(speed_level=3)
    tuning.loop_vectorization = tuning.slp_vectorization = tuning.loop_interleaving = tuning.loop_unrolling = True
    builder = llvm.create_pass_builder(machine, tuning)
    passes = builder.getModulePassManager()
    if tidy:
        passes = llvm.create_new_module_pass_manager()
        passes.add_sroa_pass()
        passes.add_loop_rotate_pass()
        passes.add_simplify_cfg_pass()
    passes.run(module, builder)
    return module
