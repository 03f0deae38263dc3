/// Half precision: what is cached or sent in Float16 is rounded once, where it is made, so that a copy from the cache gives
/// the same bits as the original.
public enum Half {
    /// The nearest Float16 value; values beyond its range stop at the largest finite one.
    static func rounded(_ value: Float) -> Float {
        let limit = Float(Float16.greatestFiniteMagnitude)
        return Float(Float16(min(max(value, -limit), limit)))
    }

    /// Values that are exact in half precision, such as a pooled state, in two bytes each, little endian.
    public static func encoded(_ values: [Float]) -> [UInt8] {
        values.flatMap { value in withUnsafeBytes(of: Float16(value).bitPattern.littleEndian) { Array($0) } }
    }

    /// Reads ``encoded(_:)`` back; an odd last byte is left out.
    public static func decoded(_ bytes: [UInt8]) -> [Float] {
        stride(from: 0, to: bytes.count - 1, by: 2).map { at in
            Float(Float16(bitPattern: UInt16(bytes[at]) | UInt16(bytes[at + 1]) << 8))
        }
    }
}
