// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// One value while a type encodes itself: MessagePack wants counts first, and containers know theirs only at the end.
final class EncodingNode {
    private enum Content {
        case empty
        case scalar(MessagePackWriter)
        case array([EncodingNode])
        case map([(key: String, node: EncodingNode)])
    }

    private var content = Content.empty
    let depth: Int
    let path: [any CodingKey]

    init(depth: Int, path: [any CodingKey]) {
        self.depth = depth
        self.path = path
    }

    convenience init<T: Encodable>(
        encoding value: T, depth: Int, path: [any CodingKey] = []
    ) throws(MessagePackError) {
        self.init(depth: depth, path: path)
        try self.encode(value)
    }

    func encode<T: Encodable>(_ value: T) throws(MessagePackError) {
        // A type that contains itself without end stops here and not at the end of the stack.
        guard self.depth <= MessagePack.depthLimit else {
            throw MessagePackError(.tooDeep, "nested more than \(MessagePack.depthLimit) levels deep").at(self.path)
        }
        do {
            if let direct = value as? any MessagePackDirect {
                var writer = MessagePackWriter()
                try direct.write(to: &writer)
                self.content = .scalar(writer)
            } else {
                try value.encode(to: NodeEncoder(node: self))
            }
        } catch {
            throw MessagePackError(encoding: error).at(self.path)
        }
    }

    func encodeNil() {
        var writer = MessagePackWriter()
        writer.writeNil()
        self.content = .scalar(writer)
    }

    /// Makes this a map unless it is one already: a class and its superclass may share one.
    func becomeMap() {
        if case .map = self.content { return }
        self.content = .map([])
    }

    /// Makes this an array unless it is one already.
    func becomeArray() {
        if case .array = self.content { return }
        self.content = .array([])
    }

    var count: Int {
        if case .array(let nodes) = self.content { nodes.count } else { 0 }
    }

    /// Adds a member to a map.
    func child(_ key: any CodingKey) -> EncodingNode {
        let node = EncodingNode(depth: self.depth + 1, path: self.path + [key])
        if case .map(var members) = self.content {
            self.content = .empty  // so that the array is not copied
            members.append((key.stringValue, node))
            self.content = .map(members)
        }
        return node
    }

    /// Adds an element to an array.
    func child() -> EncodingNode {
        let node = EncodingNode(depth: self.depth + 1, path: self.path + [AnyKey(intValue: self.count)])
        if case .array(var nodes) = self.content {
            self.content = .empty
            nodes.append(node)
            self.content = .array(nodes)
        }
        return node
    }

    func write(to writer: inout MessagePackWriter) {
        switch self.content {
        case .empty: writer.writeMapHeader(0)  // a type that encoded nothing
        case .scalar(let scalar): writer.append(encoded: scalar.bytes)
        case .array(let nodes):
            writer.writeArrayHeader(nodes.count)
            for node in nodes { node.write(to: &writer) }
        case .map(let members):
            writer.writeMapHeader(members.count)
            for (key, node) in members {
                writer.write(key)
                node.write(to: &writer)
            }
        }
    }
}
