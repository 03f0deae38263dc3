/// Terms as small numbers. A term that no document has any more gives its number back.
struct Vocabulary {
    private var numbers: [String: UInt32] = [:]
    private(set) var terms: [String] = []
    private var free: [UInt32] = []

    var count: Int { numbers.count }

    func number(of term: String) -> UInt32? { numbers[term] }

    /// The number of `term`, a new one if it has none.
    mutating func intern(_ term: String) -> UInt32 {
        if let number = numbers[term] { return number }
        let number: UInt32
        if let recycled = free.popLast() {
            number = recycled
            terms[Int(recycled)] = term
        } else {
            number = UInt32(terms.count)
            terms.append(term)
        }
        numbers[term] = number
        return number
    }

    mutating func forget(_ number: UInt32) {
        numbers[terms[Int(number)]] = nil
        terms[Int(number)] = ""
        free.append(number)
    }
}
