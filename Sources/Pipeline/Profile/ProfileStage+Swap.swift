import NoteLLM
import Schemas
import StateStore

/// How far one partition of notes is in going over to the chosen model version.
struct PartitionSwap {
    /// Versions under which every living note of the partition has a profile.
    var inForce: Set<String>
    /// Goes with each commit: the version that was last completed.
    var mark: String
    /// The note up to which the target's profiles are out; nil before the first.
    var profiledTo: [UInt8]?
    /// Versions whose profiles are to be taken back, the first of them up to `takenBackTo`.
    var toTakeBack: [String] = []
    var takenBackTo: [UInt8]?
    /// Nothing is left to do for the present choice.
    var isDone = false
}

/// From one model version to another without a gap: new notes get profiles under both, notes that are there already get
/// theirs in the order of their ids, as time allows; then a marker says so in every partition of note-profiles, and what
/// is no longer kept is taken back.
///
/// Both walk over the notes as they read now, on the thread that edits and deletes them: an edit made meanwhile is never
/// overtaken by a profile of the older text. Nothing of a walk is stored: after a crash it begins anew, with pooled states
/// from the cache, and its repeated records are equal.
extension ProfileStage {
    /// Notes in one step of a walk.
    private static let notesPerStep = 8

    /// - Parameter mark: the version that the partition was last completed under, by whoever owned it.
    func beginSwap(of partition: Int32, mark: String, in batch: StageBatch) throws {
        // A previous version is one that was in force everywhere when the target was chosen.
        var swap = PartitionSwap(inForce: [mark], mark: mark)
        swap.inForce.formIntersection(choice.kept.map(\.id))
        if let previous = choice.previous { swap.inForce.insert(previous.id) }
        try plan(&swap, of: partition, in: batch)
        // A partition without notes is profiled as soon as it is looked at, so that the first note finds all in place. Before
        // a replay nobody knows whether there are any.
        if !swap.inForce.contains(choice.target.id), batch.livePartitions.contains(partition),
            try LivingNotes.after(nil, of: partition, limit: 1, in: batch.changes).isEmpty
        {
            complete(&swap, of: partition, in: batch)
        }
        swaps[partition] = swap
    }

    /// Takes up another choice, where there is one: between two batches.
    func takeUpChoice(in batch: StageBatch) throws {
        let latest = latestChoice()
        guard !latest.isSame(as: choice) else { return }
        choice = latest
        try makeReaders()
        for (partition, old) in swaps {
            var swap = old
            swap.profiledTo = nil
            swap.takenBackTo = nil
            swap.isDone = false
            swap.inForce.formIntersection(choice.kept.map(\.id))
            try plan(&swap, of: partition, in: batch)
            if swap.inForce.contains(choice.target.id), swap.mark != choice.target.id {
                complete(&swap, of: partition, in: batch)
            }
            swaps[partition] = swap
        }
        logger.info(
            "taking up a model version",
            ["stage": Self.name, "version": choice.target.id, "beside": choice.previous?.id ?? "none"])
    }

    /// What is to be taken back, less what was.
    private func plan(_ swap: inout PartitionSwap, of partition: Int32, in batch: StageBatch) throws {
        swap.toTakeBack = []
        for version in choice.former where try batch.changes.get(Self.takenBack, key(partition, version)) == nil {
            swap.toTakeBack.append(version)
        }
        for version in choice.kept { try batch.changes.delete(Self.takenBack, key(partition, version.id)) }
    }

    /// Goes on with what the swaps have left to do, for about `budget`, in partitions whose replay is over.
    func goOnSwapping(_ budget: Duration, in batch: StageBatch) throws {
        let end = ContinuousClock.now + budget
        for partition in swaps.keys.sorted() where batch.livePartitions.contains(partition) {
            while var swap = swaps[partition], !swap.isDone, ContinuousClock.now < end {
                try step(&swap, of: partition, in: batch)
                swaps[partition] = swap
            }
        }
    }

    private func step(_ swap: inout PartitionSwap, of partition: Int32, in batch: StageBatch) throws {
        if !swap.inForce.contains(choice.target.id) {
            let notes = try LivingNotes.after(
                swap.profiledTo, of: partition, limit: Self.notesPerStep, in: batch.changes)
            try profile(
                notes.map { ArrivedNote(note: $0.note, hash: $0.hash) }, of: partition, under: [choice.target],
                in: batch)
            swap.profiledTo = notes.last?.note.id ?? swap.profiledTo
            if notes.count < Self.notesPerStep { complete(&swap, of: partition, in: batch) }
        } else if let version = swap.toTakeBack.first {
            // The markers first: whoever sees one may rely on the profiles.
            if swap.takenBackTo == nil { sendMarkers(version, partition, holds: false, in: batch) }
            let notes = try LivingNotes.after(
                swap.takenBackTo, of: partition, limit: Self.notesPerStep, in: batch.changes)
            for (note, _) in notes { send(nil, note.id, version, in: batch) }
            swap.takenBackTo = notes.last?.note.id ?? swap.takenBackTo
            guard notes.count < Self.notesPerStep else { return }
            try batch.changes.put(Self.takenBack, key(partition, version), [])
            swap.toTakeBack.removeFirst()
            swap.takenBackTo = nil
        } else {
            swap.isDone = true
        }
    }

    /// Every living note has a profile under the target: says so to readers, and with the next commit to the next owner.
    private func complete(_ swap: inout PartitionSwap, of partition: Int32, in batch: StageBatch) {
        swap.inForce.insert(choice.target.id)
        swap.mark = choice.target.id
        sendMarkers(choice.target.id, partition, holds: true, in: batch)
        batch.commitMark(of: partition)
        logger.info(
            "partition profiled", ["stage": Self.name, "partition": "\(partition)", "version": choice.target.id])
    }

    private func sendMarkers(_ version: String, _ partition: Int32, holds: Bool, in batch: StageBatch) {
        let key = ProfileMarkerKey(version: Array(version.utf8), partition: partition).bytes
        let value = holds ? try? ProfileMarker(version: version, partition: partition).encode(as: .json) : nil
        for place in 0..<batch.topics.partitions(of: .noteProfiles) {
            batch.send(to: .noteProfiles, partition: place, key: key, value: value)
        }
    }

    private func key(_ partition: Int32, _ version: String) -> [UInt8] {
        KeyBuilder().uint32(UInt32(bitPattern: partition)).id(Array(version.utf8)).bytes
    }
}
