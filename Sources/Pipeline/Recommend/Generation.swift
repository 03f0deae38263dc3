import LexicalIndex
import NoteLLM
import Ranking
import Schemas
import StateStore
import VectorIndex

/// One model version's view of the living notes: both indexes, and what ranking needs of each note.
///
/// Lists come from one generation alone, so none ever mixes versions. Owned by the stage's thread.
package final class Generation {
    package static let families = [labels] + VectorIndex.families + LexicalIndex.families

    /// (model version, note) → its label in that version's indexes.
    private static let labels = ColumnFamily("labels")

    package let version: ModelVersion
    let vectors: VectorIndex
    let lexicon: LexicalIndex
    package private(set) var notes = NoteTable()

    /// Reads what the store holds of a version.
    init(_ version: ModelVersion, store: Store) throws {
        self.version = version
        let namespace = Array(version.id.utf8)
        vectors = try VectorIndex(
            store: store, namespace: namespace, parameters: VectorIndexParameters(dimension: version.dimension))
        lexicon = try LexicalIndex(store: store, namespace: namespace)
        try loadNotes(store)
    }

    var relatedWeights: RelatedWeights { RelatedWeights(version.manifest.listWeights[RelatedWeights.name] ?? [:]) }

    /// Puts a note into both indexes, in place of what stood there of it; answers its label.
    @discardableResult
    func index(_ profile: NoteProfile, of note: [UInt8], in batch: Batch) throws -> UInt32 {
        let label = notes.label(of: note) ?? notes.nextLabel
        try batch.put(Self.labels, labelKey(note), KeyBuilder().uint32(label).bytes)
        try vectors.insert(label, profile.embedding, in: batch)
        try lexicon.insert(label, title: profile.title, content: profile.content, in: batch)
        notes.insert(NoteTable.Note(profile, id: note), at: label)
        return label
    }

    /// Takes a note out of both indexes; answers the label it had.
    @discardableResult
    func remove(_ note: [UInt8], in batch: Batch) throws -> UInt32? {
        guard let label = notes.remove(note) else { return nil }
        try vectors.remove(label, in: batch)
        try lexicon.remove(label, in: batch)
        try batch.delete(Self.labels, labelKey(note))
        return label
    }

    /// Deletes the rows of a version's generation, which is not to be used any more.
    static func wipe(_ version: String, in batch: Batch) throws {
        let namespace = Array(version.utf8)
        try batch.wipe(labels, prefix: KeyBuilder().id(namespace).bytes)
        try VectorIndex.wipe(namespace: namespace, in: batch)
        try LexicalIndex.wipe(namespace: namespace, in: batch)
    }

    private func labelKey(_ note: [UInt8]) -> [UInt8] { KeyBuilder().id(Array(version.id.utf8)).id(note).bytes }

    private func loadNotes(_ store: Store) throws {
        var labelled: [([UInt8], UInt32)] = []
        try store.scan(Self.labels, prefix: KeyBuilder().id(Array(version.id.utf8)).bytes) {
            key, value throws(StoreError) in
            var parts = KeyReader(key)
            _ = try parts.id()
            let id = try parts.id()
            var number = KeyReader(value)
            labelled.append((id, try number.uint32()))
            return true
        }
        // In the order of labels, so that the table finds no holes but real ones.
        for (id, label) in labelled.sorted(by: { $0.1 < $1.1 }) {
            guard let profile = try Profiles.profile(of: id, version.id, in: store) else { continue }
            notes.insert(NoteTable.Note(profile, id: id), at: label)
        }
    }
}

extension NoteTable.Note {
    /// The author's own category and hashtags where there are any, else the predicted ones.
    init(_ profile: NoteProfile, id: [UInt8]) {
        self.init(
            id: id, contentHash: profile.contentHash, created: profile.created?.milliseconds ?? 0,
            category: profile.authorCategory.isEmpty ? profile.category : profile.authorCategory,
            hashtags: profile.authorHashtags.isEmpty ? profile.hashtags.map(\.tag) : profile.authorHashtags)
    }
}
