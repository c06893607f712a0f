#!/usr/bin/env python3
"""Follows all jobs of an account over the websocket and prints each change.

    pip install websockets
    SORA_TOKEN=$(curl -s http://localhost:3000/api/auth/login -H 'content-type: application/json' \
        -d '{"email":"me@example.org","password":"…"}' | jq -r .token) \
    python3 live.py ws://localhost:3000/api/ws
"""

import asyncio
import json
import os
import random
import sys

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

jobs: dict[str, dict] = {}
gone: set[str] = set()


def keep(job: dict) -> None:
    """Stores and prints a state, unless a newer one is known or the job was deleted."""
    known = jobs.get(job["id"])
    if job["id"] in gone or (known and known["seq"] >= job["seq"]):
        return
    jobs[job["id"]] = job
    print(f"{job['id']}  {job['status']:<10} {job['phase'] or '':<11} {job['progress']:>3} %", flush=True)


async def follow(url: str, token: str) -> tuple[float, float]:
    """Runs one connection until it ends. Returns the window in which to reconnect, in seconds."""
    window = None
    async with connect(url, subprotocols=["sora.v1"], ping_interval=None) as socket:
        known = {id: job["seq"] for id, job in list(jobs.items())[-300:]}
        await socket.send(json.dumps({"type": "hello", "token": token, "known": known}))
        try:
            while True:
                frame = json.loads(await asyncio.wait_for(socket.recv(), 35))
                match frame["type"]:
                    case "snapshot":
                        for job in frame["jobs"]:
                            keep(job)
                    case "job":
                        keep(frame)
                    case "gone":
                        gone.add(frame["id"])
                        jobs.pop(frame["id"], None)
                    case "position" if frame["queuePosition"]:
                        print(f"{frame['id']}  queue position: {frame['queuePosition']}", flush=True)
                    case "heartbeat":
                        await socket.send('{"type":"heartbeat"}')
                    case "bye":
                        window = tuple(ms / 1000 for ms in frame["retryMs"])
        except ConnectionClosed as closed:
            match closed.rcvd and closed.rcvd.code:
                case 4400 | 4401 | 4403 as code:
                    sys.exit(f"closed by the server: {code} {closed.rcvd.reason}")
                case 1013 | 4429:
                    return (15.0, 35.0)
        except TimeoutError:
            pass
    return window or (0.5, 1.0)


async def main() -> None:
    url, token = sys.argv[1], os.environ["SORA_TOKEN"]
    failures = 0
    while True:
        try:
            window = await follow(url, token)
            failures = 0
        except (OSError, InvalidStatus, TimeoutError):
            failures += 1
            window = (0.5, min(20.0, 0.5 * 2**failures))
        await asyncio.sleep(random.uniform(*window))


try:
    asyncio.run(main())
except KeyboardInterrupt:
    # The status that shells report for Ctrl-C.
    sys.exit(130)
