/// Walks an overlay and the store's cursor as one sequence of keys in byte order.
struct MergedWalk {
    enum Step {
        /// A key of the store that the batch left alone; the cursor stands on it.
        case stored(UnsafeRawBufferPointer)
        /// An entry of the batch; `overStored`: the cursor stands on the store's value of the same key.
        case changed(Overlay.Entry, overStored: Bool)
    }

    private let overlay: Overlay
    private let cursor: Cursor
    private let prefix: [UInt8]
    private let reverse: Bool
    private var position: Int
    /// Whether the cursor must move before it is looked at again: a step's bytes stay valid until the next one.
    private var owesMove = false

    /// `overlay` must be sorted.
    init(overlay: Overlay, cursor: Cursor, prefix: [UInt8], from: [UInt8]?, reverse: Bool) {
        self.overlay = overlay
        self.cursor = cursor
        self.prefix = prefix
        self.reverse = reverse
        let start = overlay.position(of: from, reverse: reverse)
        if reverse {
            let end = prefix.prefixSuccessor.map { overlay.position(of: $0, reverse: false) - 1 }
            position = min(start, end ?? start)
        } else {
            position = max(start, overlay.position(of: prefix, reverse: false))
        }
        cursor.seek(from, reverse: reverse)
    }

    mutating func next() -> Step? {
        if owesMove { cursor.move(reverse: reverse) }
        owesMove = false
        let stored = visibleKey()
        guard let entry = pendingEntry() else {
            owesMove = true
            return stored.map(Step.stored)
        }
        let order = stored.map { key in
            let order = entry.key.withUnsafeBytes { compareBytes($0, key) }
            return reverse ? -order : order
        }
        if let stored, let order, order > 0 {
            owesMove = true
            return .stored(stored)
        }
        position += reverse ? -1 : 1
        owesMove = order == 0
        return .changed(entry, overStored: order == 0)
    }

    private func pendingEntry() -> Overlay.Entry? {
        guard let entry = overlay.entry(at: position), entry.key.hasPrefix(prefix) else { return nil }
        return entry
    }

    /// The cursor's key once it is past wiped ranges; nil at the prefix's end.
    private func visibleKey() -> UnsafeRawBufferPointer? {
        while let key = cursor.key {
            if !key.hasPrefix(prefix) {
                // Only prefixes without a successor, or a `from` above the prefix, get here.
                guard reverse, prefix.withUnsafeBytes({ compareBytes(key, $0) }) > 0 else { return nil }
                cursor.move(reverse: true)
            } else if let hidden = overlay.hiding(key) {
                if reverse {
                    cursor.seek(hidden, reverse: true)
                    if let again = cursor.key, again.hasPrefix(hidden) { cursor.move(reverse: true) }
                } else if let beyond = hidden.prefixSuccessor {
                    cursor.seek(beyond, reverse: false)
                } else {
                    return nil
                }
            } else {
                return key
            }
        }
        return nil
    }
}
