import Schemas
import Support
import Testing

@Suite struct RFC3339Tests {
    /// Every day of the years 1 to 9999, counted one by one: the oracle knows month lengths and nothing else.
    @Test func everyDay() {
        var seconds: Int64 = -62_135_596_800
        for year in 1...9999 {
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            for (month, days) in [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].enumerated() {
                for day in [1, 15, days] {
                    let text = "\(padded(year, 4))-\(padded(month + 1, 2))-\(padded(day, 2))T00:00:00Z"
                    let time = Timestamp(seconds: seconds + Int64(day - 1) * 86_400)
                    same(Timestamp(text), time, text)
                    same(time?.description, text, text)
                }
                let after = "\(padded(year, 4))-\(padded(month + 1, 2))-\(padded(days + 1, 2))T00:00:00Z"
                same(Timestamp(after), nil, after)
                seconds += Int64(days) * 86_400
            }
        }
        #expect(seconds == 253_402_300_800)
    }

    private func padded(_ value: Int, _ width: Int) -> String {
        let digits = "\(value)"
        return String(repeating: "0", count: width - digits.count) + digits
    }

    @Test func millisecondsComeBack() {
        var source = SeededGenerator(seed: 4)
        for _ in 0..<20_000 {
            let milliseconds = Int64.random(in: -62_135_596_800_000...253_402_300_799_999, using: &source)
            let time = Timestamp(milliseconds: milliseconds)
            same(time.milliseconds, milliseconds, "\(time)")
            same(Timestamp(time.description), time, "\(time)")
        }
        #expect(Timestamp(milliseconds: .max).description == "9999-12-31T23:59:59.999Z")
        #expect(Timestamp(milliseconds: .min).description == "0001-01-01T00:00:00Z")
        #expect(Timestamp(milliseconds: -1).description == "1969-12-31T23:59:59.999Z")
    }

    @Test(arguments: [
        ("2024-05-01T12:00:00+02:00", "2024-05-01T10:00:00Z"), ("2024-05-01T00:30:00+01:00", "2024-04-30T23:30:00Z"),
        ("2024-12-31T23:59:59.5-00:30", "2025-01-01T00:29:59.500Z"), ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"),
        ("2024-05-01T12:00:00.123456789Z", "2024-05-01T12:00:00.123456789Z"),
        ("2024-05-01T12:00:00.120000Z", "2024-05-01T12:00:00.120Z"),
        ("2024-05-01T12:00:00.0001Z", "2024-05-01T12:00:00.000100Z"),
        ("2024-05-01T12:00:00-00:00", "2024-05-01T12:00:00Z"),
    ])
    func reads(_ text: String, _ written: String) { #expect(Timestamp(text)?.description == written) }

    @Test(arguments: [
        "", "2024-05-01", "2024-05-01T12:00:00", "2024-05-01 12:00:00Z", "2024-05-01t12:00:00Z", "2024-05-01T12:00:00z",
        "2024-05-01T12:00:00.Z", "2024-05-01T12:00:00.1234567890Z", "2024-05-01T24:00:00Z", "2024-05-01T12:60:00Z",
        "2024-05-01T12:00:60Z", "2024-13-01T12:00:00Z", "2024-00-01T12:00:00Z", "2023-02-29T12:00:00Z",
        "1900-02-29T12:00:00Z", "2024-04-31T12:00:00Z", "2024-02-30T00:00:00Z", "0000-01-01T00:00:00Z",
        "2024-05-01T12:00:00Zx", "2024-05-01T12:00:00+0200", "2024-05-01T12:00:00+24:00", "2024-05-01T12:00:00+02:60",
        "+024-05-01T12:00:00Z", "2024-5-01T12:00:00Z ", "2024-05-01T12:00:00.123", "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01", "2024-05-01T12:00:00+02:0", "١٩٩٩-05-01T12:00:00Z", "2024-05-01T1a:00:00Z",
    ])
    func refuses(_ text: String) { #expect(Timestamp(text) == nil) }
}
