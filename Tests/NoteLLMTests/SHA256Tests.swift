import Foundation
import NoteLLM
import Support
import Testing

@Suite struct SHA256Tests {
    /// Digests of the first n of the bytes 0, 1, … 250, 0, 1, …, as another implementation gives them.
    @Test(arguments: [
        (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (3, "ae4b3280e56e2faf83f414a6e3dabe9d5fbe18976544c05fed121accb85b53fc"),
        (55, "463eb28e72f82e0a96c0a4cc53690c571281131f672aa229e0d45ae59b598b59"),
        (56, "da2ae4d6b36748f2a318f23e7ab1dfdf45acdc9d049bd80e59de82a60895f562"),
        (63, "29af2686fd53374a36b0846694cc342177e428d1647515f078784d69cdb9e488"),
        (64, "fdeab9acf3710362bd2658cdc9a29e8f9c757fcf9811603a8c447cd1d9151108"),
        (65, "4bfd2c8b6f1eec7a2afeb48b934ee4b2694182027e6d0fc075074f2fabb31781"),
        (119, "da18797ed7c3a777f0847f429724a2d8cd5138e6ed2895c3fa1a6d39d18f7ec6"),
        (120, "f52b23db1fbb6ded89ef42a23ce0c8922c45f25c50b568a93bf1c075420bbb7c"),
        (1_000, "4e4c294b331f7a2099a379bec34b9f9fc03dc46ab465d998f4d683da53487e6d"),
    ])
    func knownDigest(length: Int, digest: String) {
        #expect(SHA256.hex(SHA256.hash((0..<length).map { UInt8($0 % 251) })) == digest)
    }

    /// The vector of FIPS 180-4 for a million letters a.
    @Test func aMillionLetters() {
        let digest = SHA256.hex(SHA256.hash([UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)))
        #expect(digest == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    @Test func piecesGiveTheWhole() {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<200 {
            let bytes = (0..<Int.random(in: 0..<400, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            var hash = SHA256()
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Int.random(in: 1...rest.count, using: &random)
                hash.update(Array(rest.prefix(count)))
                rest = rest.dropFirst(count)
            }
            #expect(hash.finish() == SHA256.hash(bytes))
        }
    }

    @Test func ofAFile() throws {
        let folder = try TemporaryFolder()
        let bytes = [UInt8](repeating: 7, count: 3_000_001)
        let url = folder.url.appending(path: "file")
        try bytes.withUnsafeBytes { try Data($0).write(to: url) }
        #expect(try SHA256.hex(file: url.path) == SHA256.hex(SHA256.hash(bytes)))
        #expect { try SHA256.hex(file: folder.path + "/none") } throws: { ($0 as? NoteLLMError)?.kind == .file }
    }

    @Test func contentHashesTellFieldsApart() {
        let text = NoteText(title: "ab", content: "c")
        let hashes = [
            ContentHash(text), ContentHash(NoteText(title: "a", content: "bc")),
            ContentHash(text, hashtags: [], category: "", author: "", created: nil),
            ContentHash(text, hashtags: ["x"], category: "", author: "", created: nil),
            ContentHash(text, hashtags: [], category: "x", author: "", created: nil),
            ContentHash(text, hashtags: [], category: "", author: "x", created: nil),
            ContentHash(text, hashtags: [], category: "", author: "", created: 0),
            ContentHash(text, hashtags: ["x", ""], category: "", author: "", created: nil),
        ]
        #expect(Set(hashes).count == hashes.count)
        #expect(ContentHash(text) == ContentHash(NoteText(title: "ab", content: "c")))
        #expect(ContentHash(text).hex.count == 32)
    }
}
