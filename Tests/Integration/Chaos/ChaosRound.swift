import BrokerSupport
import Foundation
import Pipeline
import Support

/// One round of accidents: a log is published in parts, and something happens in each. What happens is decided by the seed.
struct ChaosRound {
    /// Who is hit.
    enum Kind: String, CaseIterable {
        /// One instance: killed at a named point or at any moment, stopped, robbed of its stores.
        case alone
        /// The same, and the broker is killed as well.
        case broker
        /// Three instances: partitions move while records flow, one dies, one is taken for dead and comes back.
        case fleet
    }

    let kind: Kind
    let number: Int
    let deployment: Deployment
    /// Embedded brokers do not survive what kill -9 leaves open.
    let kills: Bool
    /// What was done, in order.
    private(set) var done: [String] = []
    private var random: SeededGenerator

    static let parts = 3
    private static let partDuration = Duration.seconds(2)

    init(_ kind: Kind, number: Int, seed: UInt64, _ deployment: Deployment, kills: Bool) {
        self.kind = kind
        self.number = number
        self.deployment = deployment
        self.kills = kills
        random = SeededGenerator(seed: seed)
    }

    /// Publishes the log and disturbs; `halfway` is done within the second part. Instances are left running.
    mutating func disturb(_ log: ChaosLog, halfway: () throws -> Void) throws {
        let parts = log.parts(Self.parts + 1)
        switch kind {
        case .alone, .broker: try disturbOne(parts, halfway)
        case .fleet: try disturbFleet(parts, halfway)
        }
        try ChaosPublisher(parts[Self.parts], to: deployment, over: .seconds(1)).wait()
    }

    // MARK: - One instance

    private mutating func disturbOne(_ parts: [ArraySlice<ChaosLog.Event>], _ halfway: () throws -> Void) throws {
        let outage = kind == .broker ? Int.random(in: 0..<Self.parts, using: &random) : nil
        var order = kills ? nextOrder(0) : nil
        try deployment.start(Deployment.first, crashing(order))
        // The first start is no recovery: let it come up, or all the accidents may fall before it.
        try? deployment.waitUntilReady()
        for index in 0..<Self.parts {
            let publisher = ChaosPublisher(parts[index], to: deployment, over: Self.partDuration)
            pause(upTo: Self.partDuration)
            if index == 1 { try halfway() }
            if index == outage {
                try restartBroker()
                try startAgainIfUnavailable(order)
            }
            try end(index, order)
            order = kills && index + 1 < Self.parts ? nextOrder(index + 1) : nil
            try deployment.start(Deployment.first, crashing(order))
            if chance(0.7), order == nil { try deployment.waitUntilReady() }
            try publisher.wait()
        }
    }

    /// A start that falls into the broker's absence ends by saying so; whatever supervises the service tries again.
    private mutating func startAgainIfUnavailable(_ order: String?) throws {
        guard let instance = deployment.instances[Deployment.first], !instance.process.isRunning,
            instance.process.terminationStatus == 69
        else { return }
        deployment.kill()
        try deployment.start(Deployment.first, crashing(order))
        done.append("started again")
    }

    /// Every named point has its turn, however few the rounds; a life without an order is killed or stopped at any moment.
    private func nextOrder(_ part: Int) -> String? {
        let orders = Self.orders
        return part == 1 ? nil : orders[(number * 2 + part / 2) % orders.count]
    }

    /// Each stage at each point that it comes past in a life of a few seconds.
    private static let orders: [String] = {
        let points = ["before-offsets", "before-commit", "after-commit", "after-store"]
        let everywhere = points.flatMap { point in
            ["session:\(point):12", "recommend:\(point):25", "profile:\(point):4"]
        }
        return everywhere + ["session:between-timers:2", "session:between-timers:7"]
    }()

    private func crashing(_ order: String?) -> [String: String] { order.map { ["NOTESTREAM_CRASH_AT": $0] } ?? [:] }

    private mutating func end(_ index: Int, _ order: String?) throws {
        var step: String
        if let order {
            // It dies by its order; where too little came past the point, by ours.
            let died = wait(.seconds(3)) { !deployment.runs(Deployment.first) }
            deployment.kill()
            step = died ? "crash at \(order)" : "kill before \(order)"
        } else if kills && chance(0.6) {
            deployment.kill()
            step = "kill"
        } else {
            let stopped = try deployment.stop()
            guard stopped.exit == 0, stopped.duration < .seconds(20) else {
                throw IntegrationError("a stop took \(stopped.duration) and ended with \(stopped.exit) after \(done)")
            }
            step = "stop"
        }
        // One part of each round loses everything, others a store at times: a machine that burned.
        if index == 1 || chance(0.25) {
            let lost = index == 1 ? StageName.allCases : [StageName.allCases.randomElement(using: &random) ?? .session]
            lose(lost, of: Deployment.first)
            step += " and lose \(lost.map(\.rawValue).joined(separator: ", "))"
        }
        done.append(step)
    }

    private func lose(_ stages: [StageName], of instance: String) {
        for stage in stages {
            try? FileManager.default.removeItem(atPath: deployment.statePath(of: instance) + "/" + stage.rawValue)
        }
    }

    private mutating func restartBroker() throws {
        guard let control = BrokerControl.ofTests else { return }
        try control.kill()
        pause(upTo: .seconds(1))
        try control.start()
        done.append("broker killed")
    }

    // MARK: - Three instances

    private mutating func disturbFleet(_ parts: [ArraySlice<ChaosLog.Event>], _ halfway: () throws -> Void) throws {
        let (first, second, third) = (Deployment.first, "state-b", "state-c")
        let stage = StageName.allCases[number / 3 % 3]
        try deployment.start(first, ["NOTESTREAM_CRASH_AT": "\(stage.rawValue):in-revocation:1"])
        try? deployment.waitUntilReady(first)
        var publisher = ChaosPublisher(parts[0], to: deployment, over: Self.partDuration)
        pause(upTo: .seconds(1))
        // The second takes partitions from the first, which dies giving them away.
        try deployment.start(second)
        if wait(.seconds(10), until: { !deployment.runs(first) }) {
            done.append("crash of \(stage.rawValue) in a revocation")
        }
        deployment.kill(first)
        if chance(0.5) { lose(StageName.allCases, of: first) }
        try deployment.start(first)
        try publisher.wait()

        publisher = ChaosPublisher(parts[1], to: deployment, over: Self.partDuration)
        pause(upTo: .seconds(1))
        let standing = Self.standing[number / 3 % Self.standing.count]
        try deployment.start(third, ["NOTESTREAM_CRASH_AT": standing + ":stop"])
        try halfway()
        pause(upTo: .seconds(4))
        let victim = [first, second, third].randomElement(using: &random) ?? first
        deployment.kill(victim)
        pause(upTo: .seconds(8))  // within the session time-out, or beyond: then others take its partitions
        if chance(0.5) { lose(StageName.allCases, of: victim) }
        try deployment.start(victim)
        done.append("killed one of three")
        try publisher.wait()
        if victim != third, wait(.seconds(3), until: { deployment.isStopped(third) }) {
            // Long enough for the group to give its partitions to others: what it was about to say is theirs to say.
            Thread.sleep(forTimeInterval: 8)
            done.append("\(third) stood still at \(standing)")
        }
        deployment.instances[third]?.send(SIGCONT)

        publisher = ChaosPublisher(parts[2], to: deployment, over: Self.partDuration)
        try haunt([first, second, third].randomElement(using: &random) ?? first)
        try publisher.wait()
        try stopAll()
    }

    /// In the midst of a transaction, which in recommend seldom brings a position.
    private static let standing = [
        "recommend:before-offsets:2", "profile:before-offsets:1", "recommend:before-offsets:5",
        "session:before-offsets:2",
    ]

    /// An instance stands still, another takes its name and its place, and the first comes back: it must not say a word.
    private mutating func haunt(_ zombie: String) throws {
        guard let name = try? String(contentsOfFile: deployment.statePath(of: zombie) + "/instance", encoding: .utf8)
        else { return }
        pause(upTo: .seconds(2))
        deployment.instances[zombie]?.send(SIGSTOP)
        try deployment.start("state-rival", ["NOTESTREAM_STATE_INSTANCE": name])
        _ = try wait(.seconds(10)) { try !deployment.lines("partition assigned", of: "state-rival").isEmpty }
        deployment.instances[zombie]?.send(SIGCONT)
        let isFenced = try wait(.seconds(10)) {
            try deployment.lines("the session with the broker ended; starting another", of: zombie)
                .contains { $0["fenced"] == "true" }
        }
        deployment.kill(zombie)
        done.append(isFenced ? "a zombie was fenced" : "a zombie was not heard of")
    }

    /// Ends the fleet and leaves one instance, which finds the others' work behind or missing in its stores.
    private mutating func stopAll() throws {
        for instance in deployment.instances.keys.sorted() { try deployment.stop(instance) }
        try deployment.start()
        done.append("all but one stopped")
    }

    // MARK: - Chance

    private mutating func chance(_ share: Double) -> Bool { Double.random(in: 0..<1, using: &random) < share }

    private mutating func pause(upTo longest: Duration) {
        Thread.sleep(forTimeInterval: Double.random(in: 0..<longest / .seconds(1), using: &random))
    }
}
