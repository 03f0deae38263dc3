import Foundation
import LanguageModel
import Support
import Testing

/// The pre-splitting by regular expressions, as llama.cpp states it: numbers first, then GPT-2's pattern inside the pieces.
struct PatternSplit {
    let number: NSRegularExpression
    let word: NSRegularExpression

    init() throws {
        number = try NSRegularExpression(pattern: #"\p{N}"#)
        word = try NSRegularExpression(
            pattern: #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#)
    }

    func words(_ text: String) -> [String] {
        let whole = text as NSString
        var pieces: [String] = []
        var end = 0
        for match in number.matches(in: text, range: NSRange(location: 0, length: whole.length)) {
            if match.range.location > end {
                pieces.append(whole.substring(with: NSRange(location: end, length: match.range.location - end)))
            }
            pieces.append(whole.substring(with: match.range))
            end = match.range.location + match.range.length
        }
        if end < whole.length { pieces.append(whole.substring(from: end)) }
        return pieces.flatMap { piece in
            word.matches(in: piece, range: NSRange(location: 0, length: (piece as NSString).length))
                .map { (piece as NSString).substring(with: $0.range) }
        }
    }
}

func words(_ text: String) -> [String] {
    var text = text
    return text.withUTF8 { bytes in
        var words = PreTokenizer(bytes)
        var result: [String] = []
        while let word = words.next() { result.append(String(decoding: bytes[word], as: UTF8.self)) }
        return result
    }
}

@Suite struct PreTokenizerTests {
    @Test func knownTexts() {
        #expect(words("it's 2024, we'll go") == ["it", "'s", " ", "2", "0", "2", "4", ",", " we", "'ll", " go"])
        #expect(words("a  b\n\n c") == ["a", " ", " b", "\n\n", " c"])
        #expect(words("tail \n") == ["tail", " \n"])
        #expect(words("x\tx") == ["x", "\t", "x"])
        #expect(words("'S 's") == ["'", "S", " '", "s"])
        #expect(words("Ⅻ½²x") == ["Ⅻ", "½", "²", "x"])
        #expect(words("") == [])
    }

    @Test func equalsThePattern() throws {
        let pattern = try PatternSplit()
        let parts = [
            "a", "Z", "ß", "é", "e\u{301}", "中", "日本", "ש", "ʰ", "ǅ", "0", "7", "٣", "½", "Ⅻ", "²", " ", " ", "  ",
            "\n", "\t",
            "\r\n", "\u{A0}", "\u{2003}", "\u{3000}", "\u{85}", "\u{200B}", "'", "'s", "'t", "'re", "'ve", "'m", "'ll",
            "'d",
            "'S", "’s", "!", "?!", "_", "-", "☕", "👩‍👩‍👧", "🇩🇪", "\u{301}", "$", "\"", "\0", "\u{7F}", "\u{FEFF}", "𝟘", "𐍈",
        ]
        var random = SeededGenerator(seed: 21)
        for _ in 0..<20_000 {
            let count = Int.random(in: 0...12, using: &random)
            let text = (0..<count).map { _ in parts.randomElement(using: &random) ?? "" }.joined()
            #expect(words(text) == pattern.words(text), "\(text.debugDescription)")
        }
    }

    @Test func anyBytesAreCutWithoutLoss() {
        var random = SeededGenerator(seed: 22)
        for _ in 0..<5_000 {
            let bytes = (0..<Int.random(in: 0...20, using: &random)).map { _ in
                UInt8.random(in: Bool.random(using: &random) ? 0...255 : 0xE0...0xFF, using: &random)
            }
            bytes.withUnsafeBufferPointer { buffer in
                var words = PreTokenizer(buffer)
                var end = 0
                while let word = words.next() {
                    #expect(word.lowerBound == end && !word.isEmpty)
                    end = word.upperBound
                }
                #expect(end == bytes.count)
            }
        }
    }
}

@Suite struct TokenizerTests {
    @Test func mergesFollowThePlainRule() throws {
        for seed in 0..<5 as Range<UInt64> {
            let tiny = TinyModel(seed: 100 + seed, matrixType: .q8WithScale)
            let tokenizer = try tiny.open().tokenizer
            var random = SeededGenerator(seed: seed)
            for _ in 0..<400 {
                let letters = Array("abcd".utf8)
                let word = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                    letters.randomElement(using: &random) ?? 0
                }
                let ids = tokenizer.encode(String(decoding: word, as: UTF8.self))
                #expect(ids == tiny.vocabulary.encode(word: word))
                #expect(tokenizer.decode(ids) == word)
            }
        }
    }

    @Test func textRoundTrips() throws {
        let tokenizer = try TinyModel(seed: 1, matrixType: .q8WithScale).open().tokenizer
        var random = SeededGenerator(seed: 23)
        for _ in 0..<2_000 {
            let scalars = (0..<Int.random(in: 0...30, using: &random)).compactMap { _ in
                Unicode.Scalar(UInt32.random(in: 0...(Bool.random(using: &random) ? 0x17F : 0x10FFFF), using: &random))
            }
            let text = String(String.UnicodeScalarView(scalars))
            #expect(tokenizer.decode(tokenizer.encode(text)) == Array(text.utf8))
        }
    }

    @Test func limitsAndControls() throws {
        let tokenizer = try TinyModel(seed: 1, matrixType: .q8WithScale).open().tokenizer
        let text = "x y z, 1234 and so on"
        let all = tokenizer.encode(text)
        for limit in 0...all.count + 2 { #expect(tokenizer.encode(text, limit: limit) == Array(all.prefix(limit))) }
        let control = try #require(tokenizer.id(ofControl: "<|end|>"))
        #expect(tokenizer.endOfText == control)
        #expect(!tokenizer.encode("<|end|>").contains(control))
        #expect(tokenizer.bytes(of: -1) == nil && tokenizer.bytes(of: Int32(tokenizer.count)) == nil)
        #expect(tokenizer.decode([Int32.max]) == [])
    }

    @Test(.timeLimit(.minutes(1))) func aVeryLongWordIsNoTrouble() throws {
        let tokenizer = try TinyModel(seed: 1, matrixType: .q8WithScale).open().tokenizer
        let word = String(repeating: "abcd", count: 250_000)
        #expect(tokenizer.decode(tokenizer.encode(word)) == Array(word.utf8))
    }

    @Test(.enabled(if: Base.model != nil, "needs the base model")) func theBaseModelsVocabulary() throws {
        let tokenizer = try #require(Base.model).tokenizer
        #expect(tokenizer.count == 49_152)
        let texts = [
            "Naïve café ☕ 👩‍👩‍👧 日本語 Привет שלום — “quotes”\n\tdef f(x): return x**2", "", " ", "\n", "é", "e\u{301}",
        ]
        for text in texts {
            #expect(tokenizer.decode(tokenizer.encode(text)) == Array(text.utf8))
        }
        // Six control characters have no token in this vocabulary and are left out.
        #expect(tokenizer.decode(tokenizer.encode("a\u{4}b")) == Array("ab".utf8))
        #expect(tokenizer.id(ofControl: "<|im_end|>") == 2 && tokenizer.endOfText == 2)
    }
}
