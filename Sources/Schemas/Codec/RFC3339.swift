/// RFC 3339 times to and from Timestamp, as strict as proto3's JSON mapping: capital T and Z, a zone, no second 60.
enum RFC3339 {
    /// `9999-12-31T23:59:59.999999999Z`
    static let longest = 30
    private static let shortest = 20

    static func parse(_ text: CheckedBytes) -> Timestamp? {
        guard text.count >= shortest else { return nil }
        let century = twoDigits(text, 0), yearOfCentury = twoDigits(text, 2)
        let month = twoDigits(text, 5), day = twoDigits(text, 8)
        let hour = twoDigits(text, 11), minute = twoDigits(text, 14), second = twoDigits(text, 17)
        // twoDigits gives -1 for anything else, which sets the sign of the union.
        guard (century | yearOfCentury | month | day | hour | minute | second) >= 0,
            text[4] == UInt8(ascii: "-"), text[7] == UInt8(ascii: "-"), text[10] == UInt8(ascii: "T"),
            text[13] == UInt8(ascii: ":"), text[16] == UInt8(ascii: ":")
        else { return nil }
        let year = century * 100 + yearOfCentury
        guard year >= 1, (1...12).contains(month), day >= 1, day <= daysInMonth(year, month),
            hour <= 23, minute <= 59, second <= 59
        else { return nil }

        var position = 19
        guard let nanoseconds = fraction(text, &position), let offset = zone(text, position) else { return nil }
        let seconds = daysSince1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset
        return Timestamp(seconds: Int64(seconds), nanoseconds: nanoseconds)
    }

    /// Writes 20, 24, 27 or 30 bytes: no, 3, 6 or 9 digits after the second. Returns how many.
    static func write(_ time: Timestamp, to out: UnsafeMutableBufferPointer<UInt8>) -> Int {
        let (days, secondOfDay) = time.seconds.flooredQuotientAndRemainder(by: 86_400)
        let (year, month, day) = civil(Int(days))
        let second = Int(secondOfDay)
        func put(_ value: Int, _ index: Int) {
            out[index] = UInt8(truncatingIfNeeded: 48 + value / 10)
            out[index + 1] = UInt8(truncatingIfNeeded: 48 + value % 10)
        }
        put(year / 100, 0)
        put(year % 100, 2)
        out[4] = UInt8(ascii: "-")
        put(month, 5)
        out[7] = UInt8(ascii: "-")
        put(day, 8)
        out[10] = UInt8(ascii: "T")
        put(second / 3600, 11)
        out[13] = UInt8(ascii: ":")
        put(second / 60 % 60, 14)
        out[16] = UInt8(ascii: ":")
        put(second % 60, 17)
        var count = 19
        if time.nanoseconds != 0 {
            out[count] = UInt8(ascii: ".")
            var value = Int(time.nanoseconds), digits = 9
            while value % 1000 == 0 {
                value /= 1000
                digits -= 3
            }
            for index in stride(from: count + digits, to: count, by: -1) {
                out[index] = UInt8(truncatingIfNeeded: 48 + value % 10)
                value /= 10
            }
            count += 1 + digits
        }
        out[count] = UInt8(ascii: "Z")
        return count + 1
    }

    @inline(__always)
    private static func twoDigits(_ text: CheckedBytes, _ index: Int) -> Int {
        let tens = Int(text[index]) - 48, ones = Int(text[index + 1]) - 48
        return (tens | ones) >= 0 && tens <= 9 && ones <= 9 ? tens * 10 + ones : -1
    }

    /// Up to nine digits after a point, as nanoseconds; 0 where there is no point.
    private static func fraction(_ text: CheckedBytes, _ position: inout Int) -> Int32? {
        guard text[position] == UInt8(ascii: ".") else { return 0 }
        var nanoseconds: Int32 = 0, scale: Int32 = 100_000_000
        let start = position + 1
        position = start
        while position < text.count, text[position] &- 48 <= 9 {
            guard scale > 0 else { return nil }
            nanoseconds += Int32(text[position] - 48) * scale
            scale /= 10
            position += 1
        }
        return position > start ? nanoseconds : nil
    }

    /// `Z` or `±hh:mm` up to the end, as seconds east of UTC.
    private static func zone(_ text: CheckedBytes, _ position: Int) -> Int? {
        guard position < text.count else { return nil }
        let sign = text[position]
        if sign == UInt8(ascii: "Z") { return position + 1 == text.count ? 0 : nil }
        guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"), text.count - position == 6,
            text[position + 3] == UInt8(ascii: ":")
        else { return nil }
        let hours = twoDigits(text, position + 1), minutes = twoDigits(text, position + 4)
        guard (0...23).contains(hours), (0...59).contains(minutes) else { return nil }
        return (hours * 60 + minutes) * (sign == UInt8(ascii: "+") ? 60 : -60)
    }

    private static func daysInMonth(_ year: Int, _ month: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    // Days to and from the proleptic Gregorian calendar: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
    // Years begin in March there, so that the leap day is the last; an era is 400 years.

    private static func daysSince1970(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400, yearOfEra = shifted - era * 400  // shifted ≥ 0: years start at 1
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + (yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear) - 719_468
    }

    private static func civil(_ daysSince1970: Int) -> (year: Int, month: Int, day: Int) {
        let days = daysSince1970 + 719_468
        let era = days / 146_097, dayOfEra = days - era * 146_097  // days ≥ 0: years start at 1
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}
