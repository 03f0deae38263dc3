import CKernels
import Support
import Testing

/// Every implementation that this processor runs.
private let variants: [kernel_set] = (0..<8).compactMap { kernel_at($0)?.pointee }
private let scalar = variants[0]
private let names = variants.map { String(cString: $0.name) }

@Suite("Kernels agree with their scalar twins") struct KernelTests {
    private func codes(_ count: Int, _ generator: inout SeededGenerator, extreme: Bool = false) -> [Int8] {
        (0..<count).map { _ in
            extreme ? (Bool.random(using: &generator) ? 127 : -127) : .random(in: -127...127, using: &generator)
        }
    }

    @Test("The best variant is the last that can run")
    func best() {
        print("kernels run here: \(names.joined(separator: ", "))")
        #expect(String(cString: kernel_best().pointee.name) == names.last)
        #expect(names.first == "scalar")
    }

    @Test("Products of codes are equal to the bit", arguments: names.indices)
    func products(_ variant: Int) {
        var generator = SeededGenerator(seed: 11)
        for count in [64, 128, 192, 384, 576, 1024, 65_536] {
            for extreme in [false, true] {
                let a = codes(count, &generator, extreme: extreme), b = codes(count, &generator, extreme: extreme)
                let plain = zip(a, b).reduce(0) { $0 + Int($1.0) * Int($1.1) }
                #expect(Int(scalar.dot_i8(a, b, count)) == plain)
                #expect(Int(variants[variant].dot_i8(a, b, count)) == plain, "\(names[variant]), \(count) codes")
                let square = a.reduce(0) { $0 + Int($1) * Int($1) }
                #expect(Int(variants[variant].dot_i8(a, a, count)) == square)
            }
        }
    }

    @Test("Products with many rows are those with each", arguments: names.indices)
    func manyRows(_ variant: Int) {
        var generator = SeededGenerator(seed: 12)
        for count in [64, 128, 320] {
            let rows = codes(count * 50, &generator), query = codes(count, &generator)
            for slotCount in 0...33 {
                let slots = (0..<slotCount).map { _ in UInt32.random(in: 0..<50, using: &generator) }
                var products = [Int32](repeating: 7, count: slotCount + 1)
                variants[variant].dots_i8(query, rows, count, slots, slotCount, &products)
                for (index, slot) in slots.enumerated() {
                    let row = Array(rows[Int(slot) * count..<(Int(slot) + 1) * count])
                    #expect(products[index] == scalar.dot_i8(query, row, count))
                }
                #expect(products[slotCount] == 7, "nothing is written beyond the last product")
            }
        }
    }

    @Test("Float products are within rounding of a sum in double precision", arguments: names.indices)
    func floats(_ variant: Int) {
        var generator = SeededGenerator(seed: 13)
        for count in [0, 1, 7, 31, 32, 33, 100, 128, 384, 576] {
            let a = (0..<count).map { _ in Float.random(in: -1...1, using: &generator) }
            let b = (0..<count).map { _ in Float.random(in: -1...1, using: &generator) }
            let exact = zip(a, b).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
            let magnitude = zip(a, b).reduce(0.0) { $0 + abs(Double($1.0) * Double($1.1)) }
            let product = Double(variants[variant].dot_f32(a, b, count))
            #expect(abs(product - exact) <= magnitude * Double(count) * 6e-8, "\(names[variant]), \(count) floats")
        }
    }

    @Test("Quantised values are equal, ties and clamping included", arguments: names.indices)
    func quantise(_ variant: Int) {
        var generator = SeededGenerator(seed: 14)
        for count in [1, 15, 16, 17, 128, 200] {
            var values = (0..<count).map { _ in Float.random(in: -3...3, using: &generator) }
            let special: [Float] = [0.5, 1.5, 2.5, -0.5, -1.5, 1e30, -1e30, 0, -0.0, .infinity, -.infinity]
            for (index, value) in special.enumerated() where index < count { values[index] = value / 50 }
            var codes = [Int8](repeating: 1, count: count + 1)
            variants[variant].quantise(values, count, 50, &codes)
            for (index, value) in values.enumerated() {
                let expected = max(-127, min(127, value * 50)).rounded(.toNearestOrEven)
                #expect(codes[index] == Int8(expected), "\(names[variant]) of \(value)")
            }
            #expect(codes[count] == 1)
        }
    }

    @Test("The rotation keeps inner products and spreads an outlier")
    func rotation() {
        var generator = SeededGenerator(seed: 15)
        for count in [64, 128, 512] {
            let signs = (0..<count / 64).map { _ in generator.next() }
            var a = (0..<count).map { _ in Float.random(in: -1...1, using: &generator) }
            var b = (0..<count).map { _ in Float.random(in: -1...1, using: &generator) }
            let before = scalar.dot_f32(a, b, count)
            kernel_rotate(&a, count, signs)
            kernel_rotate(&b, count, signs)
            #expect(abs(scalar.dot_f32(a, b, count) - before) < 1e-4)
            var outlier = [Float](repeating: 0, count: count)
            outlier[3] = 1
            kernel_rotate(&outlier, count, signs)
            #expect(outlier.allSatisfy { abs(abs($0) - 1 / Float(count).squareRoot()) < 1e-6 })
        }
    }
}
