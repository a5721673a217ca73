// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
