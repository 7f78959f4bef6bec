"""The system calls that a sandboxed program is refused, as a filter for the Linux kernel.

A program of classic BPF over `struct seccomp_data` (linux/seccomp.h): what it does not name is
allowed, since the namespaces around it hold without it. It takes away what reaches around them.
"""

from __future__ import annotations

import errno
import platform
import struct
from collections.abc import Mapping, Sequence
from typing import NamedTuple

LOAD, EQUAL, AT_LEAST, ANY_BIT, AND, RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
ALLOW, ERROR, KILL = 0x7FFF0000, 0x00050000, 0x80000000
NUMBER_AT, MACHINE_AT, ARGUMENTS_AT = 0, 4, 16
X32_BIT = 0x40000000

NEW_NAMESPACES = 0x7E020000 | 0x80
"""All `CLONE_NEW*` flags."""
SET_ID_BITS = 0o6000
CREATES = 0o100
"""`O_CREAT`; with `O_TMPFILE` a file is made as well."""
TEMPORARY = 0o20000000
INJECTIONS = (0x5412, 0x541C, 0x541D)
"""TIOCSTI, TIOCLINUX and TIOCCONS: what types into a terminal, or takes one over."""
UNIX, INET, INET6, NETLINK = 1, 2, 10, 16


class Machine(NamedTuple):
    """A processor's number in `linux/audit.h`, and its numbers for system calls."""

    audit: int
    calls: Mapping[str, int]


REFUSED = (
    *("mount", "umount2", "pivot_root", "chroot", "unshare", "setns", "swapon", "swapoff"),
    *("ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "pidfd_getfd", "reboot"),
    *("bpf", "perf_event_open", "userfaultfd", "keyctl", "add_key", "request_key", "quotactl"),
    *("init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "acct"),
    *("settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "sethostname", "syslog"),
    *("setdomainname", "name_to_handle_at", "open_by_handle_at", "lookup_dcookie", "mknodat"),
    *("shmget", "fanotify_init", "vhangup", "move_pages", "migrate_pages", "mbind", "mknod"),
)
"""Refused with EPERM. `shmget` makes memory that belongs to no process, which none could count."""
UNKNOWN = (
    *("clone3", "openat2", "io_uring_setup", "io_uring_enter", "io_uring_register"),
    *("open_tree", "move_mount", "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr"),
    *("memfd_create", "memfd_secret", "fchmodat2", "quotactl_fd"),
)
"""Told to be missing, so that programs fall back: a filter cannot see what these are given."""

_COMMON = """
    pidfd_getfd 438  clone3 435  openat2 437  memfd_secret 447  fchmodat2 452
    io_uring_setup 425  io_uring_enter 426  io_uring_register 427  quotactl_fd 443
    open_tree 428  move_mount 429  fsopen 430  fsconfig 431  fsmount 432  fspick 433
    mount_setattr 442
"""
_X86_64 = """
    ptrace 101  syslog 103  mknod 133  pivot_root 155  adjtimex 159  chroot 161  acct 163
    settimeofday 164  mount 165  umount2 166  swapon 167  swapoff 168  reboot 169
    sethostname 170  setdomainname 171  init_module 175  delete_module 176  quotactl 179
    lookup_dcookie 212  clock_settime 227  mbind 237  kexec_load 246  add_key 248
    request_key 249  keyctl 250  migrate_pages 256  mknodat 259  unshare 272  move_pages 279
    perf_event_open 298  fanotify_init 300  name_to_handle_at 303  open_by_handle_at 304
    clock_adjtime 305  setns 308  process_vm_readv 310  process_vm_writev 311  kcmp 312
    finit_module 313  memfd_create 319  kexec_file_load 320  bpf 321  userfaultfd 323
    vhangup 153  shmget 29  clone 56  ioctl 16  socket 41  socketpair 53  chmod 90
    fchmod 91  fchmodat 268  open 2  creat 85  openat 257  mkdir 83  mkdirat 258
"""
_AARCH64 = """
    lookup_dcookie 18  ioctl 29  mknodat 33  mkdirat 34  umount2 39  mount 40  pivot_root 41
    chroot 51  fchmod 52  fchmodat 53  openat 56  vhangup 58  quotactl 60  acct 89
    unshare 97  kexec_load 104  init_module 105  delete_module 106  clock_settime 112
    syslog 116  ptrace 117  reboot 142  sethostname 161  setdomainname 162  settimeofday 170
    adjtimex 171  shmget 194  socket 198  socketpair 199  add_key 217  request_key 218
    keyctl 219  clone 220  swapon 224  swapoff 225  mbind 235  migrate_pages 238
    move_pages 239  perf_event_open 241  fanotify_init 262  name_to_handle_at 264
    open_by_handle_at 265  clock_adjtime 266  setns 268  process_vm_readv 270
    process_vm_writev 271  kcmp 272  finit_module 273  memfd_create 279  bpf 280
    userfaultfd 282  kexec_file_load 294
"""


def _numbers(text: str) -> Mapping[str, int]:
    words = (_COMMON + text).split()
    return {name: int(number) for name, number in zip(words[::2], words[1::2], strict=True)}


MACHINES: Mapping[str, Machine] = {
    "x86_64": Machine(0xC000003E, _numbers(_X86_64)),
    "aarch64": Machine(0xC00000B7, _numbers(_AARCH64)),
}

Instruction = tuple[int, int, int, int]


def seccomp_filter(*, allow_net: bool, machine: str = "") -> bytes | None:
    """Assemble the filter; `None` for a processor whose numbers are not known.

    With `allow_net` no socket of the machine's own programs may be opened: their abstract names
    are kept apart by the network's namespace alone.
    """
    kind = MACHINES.get(machine or platform.machine())
    if kind is None:
        return None
    families = (INET, INET6, NETLINK) if allow_net else (UNIX, INET, INET6, NETLINK)
    rules = [
        (LOAD, 0, 0, MACHINE_AT),
        (EQUAL, 1, 0, kind.audit),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER_AT),
    ]
    if kind.audit == MACHINES["x86_64"].audit:
        rules += [(AT_LEAST, 0, 1, X32_BIT), (RETURN, 0, 0, KILL)]
    rules += _plain(kind, REFUSED, errno.EPERM) + _plain(kind, UNKNOWN, errno.ENOSYS)
    rules += _with(kind, "clone", _bits(0, NEW_NAMESPACES))
    rules += _with(kind, "ioctl", _values(1, INJECTIONS))
    rules += _with(kind, "socket", _only(0, families, errno.EAFNOSUPPORT))
    rules += _with(kind, "socketpair", _only(0, (UNIX,), errno.EAFNOSUPPORT))
    for call, place in (("chmod", 1), ("fchmod", 1), ("fchmodat", 2), ("creat", 1)):
        rules += _with(kind, call, _bits(place, SET_ID_BITS))
    for call, place in (("mkdir", 1), ("mkdirat", 2)):
        rules += _with(kind, call, _bits(place, SET_ID_BITS))
    for call, place in (("open", 1), ("openat", 2)):
        rules += _with(kind, call, _made(place))
    rules.append((RETURN, 0, 0, ALLOW))
    return b"".join(struct.pack("=HBBI", *rule) for rule in rules)


def _refuse(number: int = errno.EPERM) -> Instruction:
    return (RETURN, 0, 0, ERROR | number)


def _plain(kind: Machine, names: Sequence[str], number: int) -> list[Instruction]:
    """Refuse calls whatever they are given."""
    rules = list[Instruction]()
    for name in names:
        if name in kind.calls:
            rules += [(EQUAL, 0, 1, kind.calls[name]), _refuse(number)]
    return rules


def _with(kind: Machine, name: str, body: list[Instruction]) -> list[Instruction]:
    """Do `body` for one call only. It ends by itself or falls through to `ALLOW`."""
    if name not in kind.calls:
        return []
    body = [*body, (RETURN, 0, 0, ALLOW)]
    return [(EQUAL, 0, len(body), kind.calls[name]), *body]


def _argument(place: int) -> Instruction:
    """Load the lower half of an argument: flags, modes and families need no more."""
    return (LOAD, 0, 0, ARGUMENTS_AT + 8 * place)


def _bits(place: int, bits: int) -> list[Instruction]:
    return [_argument(place), (ANY_BIT, 0, 1, bits), _refuse()]


def _values(place: int, values: Sequence[int]) -> list[Instruction]:
    rules = [_argument(place)]
    for value in values:
        rules += [(EQUAL, 0, 1, value), _refuse()]
    return rules


def _only(place: int, values: Sequence[int], number: int) -> list[Instruction]:
    rules = [_argument(place)]
    for value in values:
        rules += [(EQUAL, 0, 1, value), (RETURN, 0, 0, ALLOW)]
    return [*rules, _refuse(number)]


def _made(flags_at: int) -> list[Instruction]:
    """Refuse to make a file that runs as its owner; without the flags the mode is not read."""
    return [
        _argument(flags_at),
        (ANY_BIT, 0, 3, CREATES | TEMPORARY),
        _argument(flags_at + 1),
        (ANY_BIT, 0, 1, SET_ID_BITS),
        _refuse(),
    ]
