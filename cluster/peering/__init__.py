# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""A node of the mesh in Python, written from docs/wire-format.md: wire (the bytes), streams (order and repair), node
(sockets and members)."""
