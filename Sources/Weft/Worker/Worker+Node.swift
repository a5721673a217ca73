// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

extension Worker {
    /// Creates a worker for a node's mesh; it finds the coordinator in the roster.
    ///
    /// It ends before the node does: stop it, or let ``run()`` return, before stopping the node.
    ///
    /// - Parameters:
    ///   - node: The node, which has started.
    ///   - runner: What runs the tasks.
    ///   - configuration: The settings.
    /// - Throws: ``TaskPlaneFailure`` with code `notRunning` when the node does not run, and with `forbidden` when its own trust directory
    ///   does not give its key the role.
    public init(
        node: Node, runner: any TaskRunner, configuration: WorkerConfiguration = .init()
    ) throws(TaskPlaneFailure) {
        guard let loop = node.loop else { throw .nodeNotRunning }
        try node.require(.worker)
        self.init(
            id: node.id, name: node.configuration.name, loop: loop, runner: runner, node: node,
            configuration: configuration, logger: node.configuration.logger)
    }
}
