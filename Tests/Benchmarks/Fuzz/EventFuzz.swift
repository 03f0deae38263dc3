import Foundation
import Fuzzing

/// Changed events through the decoders: `EventFuzz EVENTS SEED [FIRST]`. The last line is JSON; the exit code is 0 when
/// nothing is wrong. What crashes it ends the process: the last line on standard error then says where to look.
@main
struct EventFuzz {
    static func main() throws {
        let numbers = CommandLine.arguments.dropFirst().compactMap { Int($0) }
        guard (2...3).contains(numbers.count), numbers[0] >= 0, numbers[1] >= 0 else {
            FileHandle.standardError.write(Data("usage: EventFuzz EVENTS SEED [FIRST]\n".utf8))
            exit(64)
        }
        let first = numbers.count == 3 ? numbers[2] : 0
        let fuzz = try DecoderFuzz(seed: UInt64(numbers[1]))
        // A crash is looked for in steps so fine that each event can be named.
        let step = numbers[0] <= 1_000 ? 1 : 10_000
        let start = ContinuousClock.now
        let report = fuzz.run(first..<(first + numbers[0])) { number in
            guard (number + 1).isMultiple(of: step) else { return }
            FileHandle.standardError.write(Data("events before \(number + 1) are behind\n".utf8))
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        for line in (report.goodLost + report.badTaken).prefix(20) { print(line) }
        print(
            #"{"events": \#(report.events), "taken": \#(report.taken), "good_lost": \#(report.goodLost.count), "#
                + #""bad_missing": \#(report.badTaken.count), "events_per_s": \#(Int(Double(report.events) / seconds))}"#
        )
        exit(report.goodLost.isEmpty && report.badTaken.isEmpty ? 0 : 1)
    }
}
