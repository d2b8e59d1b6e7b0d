"""What a WebUI leaves on this machine: its process, its memory, the exceptions in its log."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit


def server(url: str) -> int | None:
    """The id of the process that listens at a URL; None where it cannot be known."""
    parts = urlsplit(url)
    try:
        if not socket.gethostbyname(parts.hostname).startswith("127."):
            return None
        rows = [
            row.split()
            for table in ("tcp", "tcp6")
            for row in Path("/proc/net", table).read_text().splitlines()[1:]
        ]
    except OSError:
        return None
    port = f"{parts.port or 80:04X}"
    sockets = {f"socket:[{r[9]}]" for r in rows if r[3] == "0A" and r[1].endswith(f":{port}")}
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if os.readlink(link) in sockets:
                return int(link.parts[2])
        except OSError:
            continue
    return None


def resident(pid: int) -> float:
    """MB of memory that a process holds."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 2**20


def exceptions(text: str) -> Iterator[str]:
    """The last line of every traceback in a log; of a chain, that of the last one."""
    lines, found, chained = re.split(r"[\r\n]+", text), "", False
    pad: int | None = None  # how far the traceback that is being read stands in
    for line in lines:
        begins = re.match(r"([ *]*)Traceback \(most recent call last\)", line)
        if begins:
            if found and not chained:
                yield found
            pad, found = len(begins[1]), ""
        elif pad is not None and line.strip() and not line[: pad + 1].isspace():
            found, pad, chained = line.strip(), None, False
        elif "above exception" in line:  # "was the direct cause of", "During handling of the"
            chained = True
    if found:
        yield found
