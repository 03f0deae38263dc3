import CKernels

/// Turns unit vectors into rows of int8 codes whose integer products order neighbours as the vectors' own products nearly do.
///
/// A vector is rotated first (random signs and a Walsh–Hadamard transform), which spreads outlier dimensions of a trained
/// projection over all. The coordinates of a rotated unit vector are then close to normal with variance 1/n, so one scale
/// for all vectors is enough, and products of codes can be compared without factors.
struct Quantiser {
    /// Bytes in a row of codes: the dimension, rounded up to whole blocks.
    let codeLength: Int
    private let scale: Float
    private let powerOfTwo: Int
    private let signs: [UInt64]
    private let kernels: kernel_set

    init(dimension: Int, seed: UInt64, kernels: kernel_set) {
        let block = Int(KERNEL_CODE_BLOCK)
        let padded = (dimension + block - 1) / block * block
        codeLength = padded
        powerOfTwo = 1 << (Int.bitWidth - 1 - padded.leadingZeroBitCount)
        // Four standard deviations reach the largest code.
        scale = 127 * Float(padded).squareRoot() / 4
        signs = (0..<UInt64(2 * padded / 64)).map { mixed(seed &+ $0) }
        self.kernels = kernels
    }

    /// Writes the codes of `vector`; `scratch` has room for `codeLength` floats.
    func encode(
        _ vector: UnsafeBufferPointer<Float>, scratch: UnsafeMutablePointer<Float>,
        into codes: UnsafeMutablePointer<Int8>
    ) {
        for index in 0..<codeLength { scratch[index] = index < vector.count ? vector[index] : 0 }
        signs.withUnsafeBufferPointer { signs in
            guard let first = signs.baseAddress else { return }
            kernel_rotate(scratch, powerOfTwo, first)
            // A length between powers of two is covered by two overlapping rotations.
            let rest = codeLength - powerOfTwo
            if rest > 0 { kernel_rotate(scratch + rest, powerOfTwo, first + powerOfTwo / 64) }
        }
        kernels.quantise(scratch, codeLength, scale, codes)
    }
}

/// SplitMix64's finalizer: 64 well mixed bits of a number.
func mixed(_ value: UInt64) -> UInt64 {
    var z = value &+ 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
}
