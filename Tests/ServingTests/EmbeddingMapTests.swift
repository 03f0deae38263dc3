import Foundation
import Serving
import Support
import Testing

@Suite("Maps")
struct EmbeddingMapTests {
    @Test("two clusters lie apart along the first axis, and everything within the square")
    func clusters() throws {
        var random = SeededGenerator(seed: 4)
        let vectors = (0..<60).map { index in
            (0..<16).map { axis -> Float in
                let centre: Float = axis == 3 ? (index < 30 ? 1 : -1) : 0
                return centre + .random(in: -0.1...0.1, using: &random)
            }
        }
        let places = try EmbeddingMap.places(of: vectors)
        let sides = places.map { $0.x > 0 }
        #expect(Set(sides[..<30]).count == 1)
        #expect(Set(sides[30...]).count == 1)
        #expect(sides[0] != sides[59])
        #expect(places.allSatisfy { abs($0.x) <= 1 && abs($0.y) <= 1 })
        #expect(abs(places.map { abs($0.x) }.max()! - 1) < 1e-6)
    }

    @Test("nothing, one, and equal vectors")
    func few() throws {
        #expect(try EmbeddingMap.places(of: []).isEmpty)
        #expect(try EmbeddingMap.places(of: [[1, 2]]).count == 1)
        let same = try EmbeddingMap.places(of: [[1, 2, 3], [1, 2, 3], [1, 2, 3]])
        #expect(same.allSatisfy { $0.x.isFinite && $0.y.isFinite })
    }
}
