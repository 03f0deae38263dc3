import Pipeline
import Schemas

/// A note as it is shown beside others.
struct NoteView: Encodable {
    var note: String
    var title: String
    var content: String
    /// The model's.
    var category: String
    /// The model's, best first.
    var hashtags: [String]
    var authorHashtags: [String]
    var authorCategory: String
    var created: String?

    init(_ profile: NoteProfile) {
        note = profile.note
        title = profile.title
        content = profile.content
        category = profile.category
        hashtags = profile.hashtags.map(\.tag)
        authorHashtags = profile.authorHashtags
        authorCategory = profile.authorCategory
        created = profile.created.map(String.init(describing:))
    }
}

/// One place of a list, with what is shown of its note where that is wanted.
struct ItemView: Encodable {
    var note: String
    var score: Double
    var cosine: Double
    var lexical: Double
    var cooccurrence: Double
    var reason: String
    var users: Int32
    var title: String?
    var category: String?
    var hashtags: [String]?

    init(_ item: RecommendedNote) {
        note = item.note
        score = item.score
        cosine = item.cosine
        lexical = item.lexical
        cooccurrence = item.cooccurrence
        reason = item.reason
        users = item.users
    }

    mutating func show(_ profile: NoteProfile?) {
        title = profile?.title
        category = profile?.category
        hashtags = profile?.hashtags.map(\.tag)
    }
}

/// A list of related notes.
struct ListView: Encodable {
    var note: String
    var version: String
    var contentHash: String?
    var time: String?
    var items: [ItemView]
}

/// What a search found.
struct SearchView: Encodable {
    struct Item: Encodable {
        var note: String
        var title: String
        var category: String
        var hashtags: [String]
        var score: Double
        var cosine: Double
        var lexical: Double
    }

    var version: String
    var items: [Item]
}

/// What may interest a user, and what they clicked.
struct UserView: Encodable {
    struct Click: Encodable {
        var note: String
        var title: String?
        var time: String
    }

    var user: String
    var version: String
    var time: String
    var clicks: [Click]
    var items: [ItemView]
}

/// The newest and most active notes.
struct TrendingView: Encodable {
    struct Entry: Encodable {
        var note: String
        var title: String?
        var category: String
        var hashtags: [String]?
        var created: String?
        var lastActive: String?
        var clicks: Int64
        var recentClicks: Int64
    }

    var category: String
    var version: String
    var time: String?
    var notes: [Entry]
}

/// Notes on a plane, near to each other where their embeddings are.
struct MapView: Encodable {
    struct Point: Encodable {
        var note: String
        var title: String
        var category: String
        var x: Double
        var y: Double
    }

    var version: String
    var points: [Point]
}
