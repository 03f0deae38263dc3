import Foundation
import Schemas
import Support

/// Sends changed events through the decoders, and says where these are not consistent.
///
/// Each event is made of the seed and its number alone, so that one can be looked at again by itself.
public struct DecoderFuzz: Sendable {
    /// What was found.
    public struct Report: Sendable {
        /// Events read or refused.
        public var events = 0
        /// Events that were read.
        public var taken = 0
        /// Good events that were refused or read as something else, in a sentence each.
        public var goodLost: [String] = []
        /// Bad events that were taken, or refused without saying why, in a sentence each.
        public var badTaken: [String] = []
    }

    private let seed: UInt64
    private let now: Int64
    private let pool: [EventKind: [FuzzEvent]]

    /// Prepares well-formed events of every kind and form.
    public init(seed: UInt64) throws(SchemaError) {
        self.seed = seed
        now = 1_764_000_000_000
        let source = EventSource(now: now)
        var random = SeededGenerator(seed: seed)
        var pool: [EventKind: [FuzzEvent]] = [:]
        for kind in EventKind.allCases {
            for number in 0..<64 {
                pool[kind, default: []].append(try source.event(kind, ContentType.allCases[number % 2], &random))
            }
        }
        self.pool = pool
    }

    /// Runs over some of the numbered events.
    /// - Parameter progress: called after each with its number.
    public func run(_ numbers: Range<Int>, progress: (Int) -> Void = { _ in }) -> Report {
        var report = Report()
        for number in numbers {
            check(number, &report)
            report.events += 1
            progress(number)
        }
        return report
    }

    private func check(_ number: Int, _ report: inout Report) {
        var random = SeededGenerator(seed: seed &+ UInt64(number) &* 0xD134_2543_DE82_EF95)
        guard let kind = EventKind.allCases.randomElement(using: &random),
            let original = pool[kind]?.randomElement(using: &random),
            let other = pool[random.chance(4) ? .note : kind]?.randomElement(using: &random)
        else { return }
        var mutation = Mutation.allCases.randomElement(using: &random) ?? .nothing
        // A megabyte takes long to read.
        if mutation == .oversize, !random.chance(200) { mutation = .flippedBits }
        var event = original
        let expectation = mutation.apply(to: &event, other, &random)
        func wrong(_ what: String) -> String {
            let value = event.value.map { String(decoding: $0.prefix(300), as: UTF8.self) } ?? "none"
            return "event \(number) (\(kind), \(mutation)): \(what); key \(event.key ?? []), value \(value)"
        }
        do throws(SchemaError) {
            let reading = try Reading(event, recordTimestamp: now)
            report.taken += 1
            if expectation == .refused { report.badTaken.append(wrong("taken as \(reading)")) }
            if expectation == .same {
                let meant = try Reading(original, recordTimestamp: now)
                let (written, writtenBefore) = (try event.rewritten(), try original.rewritten())
                if reading != meant || written != writtenBefore {
                    report.goodLost.append(wrong("\(meant) became \(reading)"))
                }
            }
            if let what = try inconsistency(of: event, reading, &random) { report.goodLost.append(wrong(what)) }
        } catch {
            if expectation == .same { report.goodLost.append(wrong("\(error)")) }
            let isInside = (0...(event.value?.count ?? 0)).contains(error.offset ?? 0)
            if error.detail.isEmpty || !isInside || error.reason.rawValue.isEmpty {
                report.badTaken.append(wrong("refused without a place or reason: \(error)"))
            }
        }
    }

    /// What is odd about an event that was read: whatever is read can be written, and read again as the same; its key is
    /// its id; its JSON is JSON to others.
    private func inconsistency(
        of event: FuzzEvent, _ reading: Reading, _ random: inout SeededGenerator
    ) throws(SchemaError) -> String? {
        if let key = event.key, !key.isEmpty, let id = reading.id, id != key { return "the key is not the id \(id)" }
        guard let written = try event.rewritten() else { return nil }
        for (type, bytes) in written {
            var again = event
            again.value = bytes
            again.contentType = type.headerValue
            let second = try Reading(again, recordTimestamp: now)
            guard second == reading else { return "written as \(type) and read again it is \(second)" }
            guard try again.rewritten() == written else { return "written as \(type) twice it differs" }
        }
        if let value = event.value, try ContentType(header: event.contentType) == .json, random.chance(4),
            value.count < 4_096, (try? JSONSerialization.jsonObject(with: Data(value))) == nil
        {
            return "Foundation finds no JSON in it"
        }
        return nil
    }
}
