"""Attempts to get out of the sandbox: each prints ESCAPED if it gets what it is after.

They run as scripts of Python (or of bash, below) in the tree, with the addresses of what they
are after as `at`: secrets, sockets and a process of the machine.
"""

READ = """
import sys
try:
    if "s3cret" in open({path}).read(): print("ESCAPED")
except OSError as error: print("refused:", error)
"""
WRITE = """
try:
    with open({path}, "a") as file: file.write("x")
    print("ESCAPED")
except OSError as error: print("refused:", error)
"""
CALL = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
if {call} >= 0: print("ESCAPED")
else: print("refused:", ctypes.get_errno())
"""
CONNECT = """
import socket
try:
    socket_ = socket.socket({family}, socket.{kind}); socket_.settimeout(1)
    socket_.connect({address}); socket_.send(b"ESCAPED")
    print("ESCAPED" if socket.{kind} == socket.SOCK_STREAM else "sent")
except OSError as error: print("refused:", error)
"""


def read(path: str) -> str:
    return READ.format(path=path)


def write(path: str) -> str:
    return WRITE.format(path=path)


def call(code: str) -> str:
    return CALL.format(call=code)


def connect(family: str, kind: str, address: str) -> str:
    return CONNECT.format(family=f"socket.{family}", kind=kind, address=address)


READING = {
    "the home folder": read("at['secret']"),
    "the ledger": read("at['ledger']"),
    "a folder above the tree, by its relative path": read("'../' * 30 + at['secret']"),
    "the home folder through a symbolic link": """
import os
os.symlink(at["home"], "link")
"""
    + read("'link/secret'"),
    "the home folder through a link in the tree made beforehand": read("'to-home/secret'"),
    "the environment of the process outside": read("f\"/proc/{at['pid']}/environ\""),
    "the home folder through a process of the machine": read(
        "f\"/proc/{at['pid']}/root{at['secret']}\""
    ),
    "the home folder through its own first process": read("'/proc/1/root' + at['secret']"),
    "the environment that flyball runs in": """
import os
if "s3cret" in str(os.environ): print("ESCAPED")
""",
    "an open file that was inherited": """
import os
for fd in range(3, 1024):
    try:
        if b"s3cret" in os.pread(fd, 1000, 0): print("ESCAPED")
    except OSError: pass
""",
    "the password hashes": """
import os
print("ESCAPED" if os.path.exists("/etc/shadow") else "refused")
""",
    "the processes of the machine": """
import os
print("ESCAPED" if str(at["pid"]) in os.listdir("/proc") and at["pid"] > 50 else "refused")
""",
    "the disk itself": """
import glob
print("ESCAPED" if glob.glob("/dev/[svx]d*") + glob.glob("/dev/nvme*") else "refused")
""",
    "the memory of the machine": read("'/dev/mem'") + read("'/proc/kcore'"),
}
WRITING = {
    "the home folder": write("at['secret']"),
    "the ledger": write("at['ledger']"),
    "a new file outside": write("at['home'] + '/new'"),
    "a file above the tree": write("'../outside'"),
    "through a symbolic link": "import os\nos.symlink(at['secret'], 'w')\n" + write("'w'"),
    "a file of the system": write("'/usr/local/bin/evil'"),
    "the root folder": write("'/evil'"),
    "a device's folder": write("'/dev/evil'"),
    "a setting of the kernel": write("'/proc/sys/kernel/core_pattern'"),
    "the kernel's emergency keys": write("'/proc/sysrq-trigger'"),
    "a control group": """
import os
try:
    os.mkdir("/sys/fs/cgroup/evil"); print("ESCAPED")
except OSError as error: print("refused:", error)
""",
    "a hard link to a secret": """
import os
try:
    os.link(at["secret"], "hard"); print("ESCAPED")
except OSError as error: print("refused:", error)
""",
}
NETWORK = {
    "TCP on loopback": connect("AF_INET", "SOCK_STREAM", "('127.0.0.1', at['tcp'])"),
    "TCP over IPv6": connect("AF_INET6", "SOCK_STREAM", "('::1', at['tcp6'])"),
    "UDP on loopback": connect("AF_INET", "SOCK_DGRAM", "('127.0.0.1', at['udp'])"),
    "a question to a name server": connect("AF_INET", "SOCK_DGRAM", "('127.0.0.53', 53)")
    + """
try:
    socket.getaddrinfo("example.com", 80); print("ESCAPED")
except OSError as error: print("refused:", error)
""",
    "an abstract unix socket": connect("AF_UNIX", "SOCK_STREAM", "chr(0) + at['abstract']"),
    "a unix socket in the file system": connect("AF_UNIX", "SOCK_STREAM", "at['unix']"),
    "raw packets": """
import socket
try:
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW); print("ESCAPED")
except OSError as error: print("refused:", error)
""",
    "the address of cloud metadata": connect("AF_INET", "SOCK_STREAM", "('169.254.169.254', 80)"),
}
CALLS = {
    "tracing a process": call("libc.ptrace(16, at['pid'], 0, 0)"),
    "tracing its own first process": call("libc.ptrace(16, 1, 0, 0)"),
    "killing a process of the machine": """
import os
try:
    if at["pid"] > 50: os.kill(at["pid"], 9)
    print("ESCAPED" if at["pid"] > 50 else "refused")
except OSError as error: print("refused:", error)
""",
    "mounting": call("libc.mount(b'none', b'/tmp', b'tmpfs', 0, None)"),
    "unmounting": call("libc.umount2(b'/proc', 2)"),
    "mounting by the newer calls": call("libc.syscall(430, b'tmpfs', 0)"),
    "becoming root of a namespace": call("libc.unshare(0x10000000)"),
    "entering a namespace": call("libc.setns(0, 0)"),
    "changing the root": call("libc.chroot(b'/tmp')"),
    "a new user namespace by clone": call("libc.syscall(56, 0x10000011, 0, 0, 0, 0)"),
    "asking the kernel for its rings": call(
        "libc.syscall(425, 8, ctypes.create_string_buffer(120))"
    ),
    "loading into the kernel": call("libc.syscall(321, 0, 0, 0)"),
    "opening by a handle": call("libc.syscall(304, 0, 0, 0)"),
    "a key ring": call("libc.syscall(250, 0, -3, 0)"),
    "raising a limit": """
import resource
try:
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 40, 1 << 40)); print("ESCAPED")
except (OSError, ValueError) as error: print("refused:", error)
""",
    "a program that runs as its owner": """
import os, stat
open("suid", "w").close()
for make in (lambda: os.chmod("suid", 0o4755), lambda: os.open("s2", os.O_CREAT, 0o4755)):
    try: make()
    except OSError as error: print("refused:", error)
for name in ("suid", "s2"):
    if os.path.exists(name) and os.stat(name).st_mode & 0o6000: print("ESCAPED")
""",
    "becoming another user": """
import os
try:
    os.setuid(12345); print("ESCAPED")
except OSError as error: print("refused:", error)
""",
    "a device of its own": """
import os
try:
    os.mknod("disk", 0o60666, os.makedev(254, 0)); print("ESCAPED")
except OSError as error: print("refused:", error)
""",
    "typing into the terminal": """
import fcntl
for name in ("/dev/tty", 0):
    try:
        fcntl.ioctl(open(name), 0x5412, b"x"); print("ESCAPED")
    except OSError as error: print("refused:", error)
""",
    "the clock": call("libc.settimeofday(ctypes.create_string_buffer(16), None)"),
    "the machine's name": call("libc.sethostname(b'evil', 4)"),
    "restarting the machine": call("libc.syscall(169, 0, 0, 0, 0)"),
}
ATTEMPTS = {
    f"{kind}: {name}": script
    for kind, attempts in {
        "reads": READING,
        "writes": WRITING,
        "reaches": NETWORK,
        "calls": CALLS,
    }.items()
    for name, script in attempts.items()
}
WITHOUT_HARM = (
    *(
        "reads: the home folder",
        "reads: the ledger",
        "reads: the home folder through a symbolic link",
    ),
    *("reads: the home folder through a link in the tree made beforehand", "writes: the ledger"),
    *("reads: the environment of the process outside", "writes: a new file outside"),
    *("reads: the processes of the machine", "writes: through a symbolic link"),
    *("reaches: TCP on loopback", "reaches: an abstract unix socket", "reaches: TCP over IPv6"),
    *("reaches: a unix socket in the file system", "calls: a program that runs as its owner"),
)
"""What may be tried without a sandbox as well, to see that the attempt would work there."""

BOMBS = {
    "forks": (":(){ :|:; }; :", "processes"),
    "memory in one process": ("python3 -c 'b=[]\nwhile 1: b.append(b\"x\" * (1 << 22))'", ""),
    "memory in many processes": (
        "for i in 1 2 3 4 5 6; do"
        " python3 -c 'import time; b=b\"x\"*(60<<20); time.sleep(9)' & done; wait",
        "memory",
    ),
    "shared memory": (
        "head -c 999999999 /dev/zero > /dev/shm/x; head -c 99999999 /dev/zero > /tmp/y",
        "",
    ),
    "one large file": ("head -c 999999999 /dev/zero > large", ""),
    "many files": ("for i in $(seq 9999); do head -c 4000000 /dev/zero > f$i; done", "disk"),
    "output without an end": ("yes", "output"),
    "a program that will not end": ("trap '' TERM INT HUP; while :; do :; done", "time"),
    "sleep": ("sleep 1000", "time"),
    "processor time": ("ulimit -t; python3 -c 'while 1: pass'", "time"),
}
