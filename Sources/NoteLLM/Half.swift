/// Half-precision rounding: what is cached or sent in Float16 is rounded once, where it is made, so that a copy from the
/// cache gives the same bits as the original.
enum Half {
    /// The nearest Float16 value; values beyond its range stop at the largest finite one.
    static func rounded(_ value: Float) -> Float {
        let limit = Float(Float16.greatestFiniteMagnitude)
        return Float(Float16(min(max(value, -limit), limit)))
    }
}
