# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""A worker on the vendor's SDK: echoes its input, and fails when told to."""

from xpander_sdk import on_task


@on_task
async def handle(task):
    text = task.input.text
    if text.startswith("fail:"):
        raise RuntimeError(text[len("fail:") :])
    task.result = "echo:" + text
    return task
