# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""What a result was measured on."""
import os
import platform
import subprocess


def said(*command):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def processor():
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()


def memory():
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def system():
    name = platform.system()
    try:
        name = platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        pass
    return f"{name}, Linux {platform.release()}, {'_'.join(platform.libc_ver())}"


def describe(versions):
    known = {
        "libzmq": said("pkg-config", "--modversion", "libzmq"), "libcurl": said("pkg-config", "--modversion", "libcurl"),
        "SQLite": said("pkg-config", "--modversion", "sqlite3"),
        "Swift": (said("swift", "--version").split("Swift version ")[-1].split() or [""])[0],
        "cc": (said("cc", "-dumpfullversion")), **versions,
    }
    return {
        "processor": processor(), "cores": os.cpu_count(), "memory_gib": memory(), "system": system(),
        "versions": {name: version for name, version in known.items() if version},
    }


def load():
    """How busy the machine was before, in words."""
    busy = os.getloadavg()[0]
    return f"Load before: {busy:.2f}" + (": the machine was busy with other work, so single figures say little." if busy > 0.7 else ".")
