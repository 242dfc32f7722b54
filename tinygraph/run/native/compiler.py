"""Compiles LLVM IR to machine code with llvmlite, and caches it in memory and on disk."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from weakref import WeakValueDictionary

from ...forking import LOCK
from . import disk

FORMAT = 1
"""Part of the cache key; increase it when equal IR must be recompiled (other LLVM passes, other flags)."""

RECENT = 64
"""So many of the latest programs stay in memory when nothing uses them any more."""

ENGINE_BYTES = 48 << 10
"""Measured memory of an execution engine without its code."""


@dataclass
class Count:
    """Statistics of this process.

    Attributes:
        count: number of texts that were compiled.
        from_disk: number of texts whose machine code was loaded from disk.
    """

    count: int = 0
    from_disk: int = 0


@dataclass(frozen=True, eq=False)
class MachineCode:
    """The machine code of one text, in memory as long as this object is alive: keep it beside any address of it.

    Attributes:
        engine: the llvmlite execution engine, which owns the code.
        nbytes: about the memory of it all: the engine, the code, the text.
        addresses: a cache of function addresses.
    """

    engine: Any
    nbytes: int = 0
    addresses: dict[str, int] = field(default_factory=dict)

    def address(self, name: str) -> int:
        """Returns the address of the function ``name``.

        Raises:
            KeyError: the text defines no such function.
        """
        address = self.addresses.get(name)
        if not address:
            with LOCK:
                address = self.addresses[name] = self.engine.get_function_address(name)
        if not address:
            raise KeyError(f"the native code defines no function {name!r}")
        return address


compiled = Count()
_alive: WeakValueDictionary[tuple[str, bool], MachineCode] = WeakValueDictionary()
_recent: OrderedDict[tuple[str, bool], MachineCode] = OrderedDict()


def compile_text(text: str, vectorised: bool = False) -> MachineCode:
    """Returns the machine code of LLVM IR ``text``: from memory, else from disk, else compiled.

    The text defines functions, without target and data layout. A function may use the attribute group ``#0``, which is
    defined here and prefers the processor's widest vectors. Symbols of the C library (``pow``) are resolved by name.
    Thread-safe; several processes may share the cache folder.

    Args:
        text: LLVM IR of a module.
        vectorised: the text is vectorised already: LLVM only promotes variables to registers, rotates loops and
            simplifies the control flow. Its other passes took 90 ms of 155 for an LSTM's training step and gained
            nothing.

    Raises:
        RuntimeError: the text is not valid LLVM IR; the message names the position.

    Example:
        >>> import ctypes
        >>> from tinygraph.run.native.compiler import compile_text
        >>> text = "define i64 @twice(i64 %x) #0 { %y = shl i64 %x, 1 ret i64 %y }"
        >>> address = compile_text(text).address("twice")  # doctest: +SKIP
        >>> ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(address)(21)  # doctest: +SKIP
        42
    """
    with LOCK:
        code = _recent.pop((text, vectorised), None) or _alive.get((text, vectorised)) or _new(text, vectorised)
        _alive[text, vectorised] = _recent[text, vectorised] = code
        while len(_recent) > RECENT:
            _recent.popitem(last=False)
    return code


def forget() -> None:
    """Lets go of all machine code in memory that nothing uses."""
    with LOCK:
        _recent.clear()


def _new(text: str, vectorised: bool) -> MachineCode:
    key = _key(text, vectorised)
    stored = disk.read(key)
    code = stored and _loaded(stored, text)
    if code:
        compiled.from_disk += 1
        return code
    machine = _machine()
    fresh = machine.emit_object(_optimised(text, vectorised, machine))
    compiled.count += 1
    disk.write(key, fresh)
    code = _loaded(fresh, text)
    assert code
    return code


def _loaded(code: bytes, text: str) -> MachineCode | None:
    """The machine code in memory; None if ``code`` is no object file of LLVM's."""
    import llvmlite.binding as llvm

    file = llvm.ObjectFileRef.from_data(code)
    if not file:
        file.detach()
        return None
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine())
    engine.add_object_file(file)
    engine.finalize_object()
    return MachineCode(engine, len(text) + 2 * len(code) + ENGINE_BYTES)


def _key(text: str, vectorised: bool) -> str:
    import llvmlite
    import llvmlite.binding as llvm

    llvm_version, triple = llvm.llvm_version_info, llvm.get_process_triple()
    parts = (FORMAT, vectorised, llvmlite.__version__, llvm_version, triple, *_host(), text)
    return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()


@cache
def _host() -> tuple[str, str]:
    """Name and features of this processor."""
    with LOCK:
        import llvmlite.binding as llvm

        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        return llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()


def vector_bytes() -> int:
    """Bytes of this processor's widest vector registers: 64, 32 or 16."""
    features = _host()[1].split(",")
    return 64 if "+avx512f" in features else 32 if "+avx2" in features else 16


def _machine() -> Any:
    """A new target machine for this processor: each execution engine takes ownership of one."""
    import llvmlite.binding as llvm

    name, features = _host()
    target = llvm.Target.from_triple(llvm.get_process_triple())
    return target.create_target_machine(cpu=name, features=features, opt=3, jit=True)


def _optimised(text: str, vectorised: bool, machine: Any) -> Any:
    """The module of ``text`` after LLVM's passes: all of them, or the few for a vectorised text."""
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
    if vectorised:
        passes = llvm.create_new_module_pass_manager()
        passes.add_sroa_pass()
        passes.add_loop_rotate_pass()
        passes.add_simplify_cfg_pass()
    passes.run(module, builder)
    return module
