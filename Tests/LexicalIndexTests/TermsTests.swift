import Foundation
import LexicalIndex
import Support
import Testing

@Suite("Splitting text into terms") struct TermsTests {
    @Test(
        "By example",
        arguments: [
            ("", []),
            ("Hello, World!", ["hello", "world"]),
            ("The ABV is 4.5%. Really 4.", ["the", "abv", "is", "4.5", "really", "4"]),
            (
                "C++ and F# but not a+b, x+=1, #beer, a##",
                ["c++", "and", "f#", "but", "not", "a", "b", "x", "1", "beer", "a"]
            ),
            ("notepad++; 1++ c++11", ["notepad++", "1", "c", "11"]),
            ("brewer's don’t l'heure 'quoted'", ["brewer", "don", "l", "heure", "quoted"]),
            ("dry-hopped snake_case", ["dry", "hopped", "snake", "case"]),
            ("Gewürztraminer ÅNGSTRÖM ΣΊΣΥΦΟΣ", ["gewürztraminer", "ångström", "σίσυφοσ"]),
            ("e\u{301}clair soft\u{AD}hyphen", ["éclair", "softhyphen"]),
            ("我喜欢啤酒 beer啤", ["我喜", "喜欢", "欢啤", "啤酒", "beer", "啤"]),
            ("ビール", ["ビー", "ール"]),
            ("맥주 한잔", ["맥주", "한잔"]),
            ("🍺🍺 ❤️ 👩‍🚒", []),
            ("１２ ½ Ⅻ", ["１２", "½", "ⅻ"]),
        ] as [(String, [String])])
    func examples(_ text: String, _ terms: [String]) {
        #expect(Terms.split(text) == terms)
    }

    @Test("Splitting the joined terms again changes nothing")
    func idempotent() {
        var generator = SeededGenerator(seed: 5)
        let alphabet = Array("abZ09 .,'+#-éßİ啤酒한🍺\u{301}\u{200D}\n")
        for _ in 0..<5_000 {
            let text = String(
                (0..<Int.random(in: 0...30, using: &generator)).map { _ in alphabet.randomElement(using: &generator)! })
            let terms = Terms.split(text)
            #expect(terms.allSatisfy { !$0.isEmpty })
            #expect(
                Terms.split(terms.joined(separator: " ")).filter { $0.count > 1 } == terms.filter { $0.count > 1 },
                "\(text)")
        }
    }

    @Test("English text goes through at tens of megabytes a second")
    func speed() {
        let text = String(repeating: "What is a citra hop, and how does it differ from other hops? ", count: 20_000)
        let clock = ContinuousClock()
        var count = 0
        let time = clock.measure { count = Terms.split(text).count }
        print("Terms.split: \(Int(Double(text.utf8.count) / (time / .seconds(1)) / 1e6)) MB/s, \(count) terms")
        #expect(count == 13 * 20_000)
    }
}
