/// Memory for the intermediate results of forward passes, kept from call to call. Owned by one thread.
public final class ForwardScratch {
    /// rows × width: the layer's normalised input.
    private(set) var normalised = FloatBuffer(count: 0)
    /// rows × (queryWidth + 2 · keyValueWidth)
    private(set) var queryKeyValue = FloatBuffer(count: 0)
    /// rows × positions: one head's attention.
    private(set) var attention = FloatBuffer(count: 0)
    /// rows × queryWidth: all heads' mixed values.
    private(set) var mixed = FloatBuffer(count: 0)
    /// rows × (2 · feedForwardWidth): gate, up.
    private(set) var gateUp = FloatBuffer(count: 0)
    /// Rotations of the positions seen so far.
    private(set) var rotary = RotaryTable<Float>()

    /// Empty scratch memory.
    public init() {}

    /// Makes room for `rows` new positions that end at `positions`.
    func reserve(rows: Int, positions: Int, _ shape: ModelConfiguration) {
        ForwardScratch.grow(&normalised, rows * shape.width)
        ForwardScratch.grow(&queryKeyValue, rows * (shape.queryWidth + 2 * shape.keyValueWidth))
        ForwardScratch.grow(&attention, rows * positions)
        ForwardScratch.grow(&mixed, rows * shape.queryWidth)
        ForwardScratch.grow(&gateUp, rows * 2 * shape.feedForwardWidth)
        rotary.reserve(positions: positions, headWidth: shape.headWidth, base: shape.ropeBase)
    }

    private static func grow(_ buffer: inout FloatBuffer, _ count: Int) {
        // Half as much again, so that a slowly growing context allocates rarely.
        if buffer.count < count { buffer = FloatBuffer(count: max(count, buffer.count + buffer.count / 2)) }
    }
}
