extension SimulatedTopic {
    static let living: [SimulatedTopic] = [
        SimulatedTopic(
            category: "home", hashtags: ["smallspaces", "studio", "storage", "interior"],
            things: ["folding tables", "wall hooks", "under-bed drawers", "curtain dividers", "tall shelves"],
            acts: [
                "living in twenty square metres", "hiding a home office", "hanging shelves", "sorting a tiny hallway",
            ],
            places: ["in an old attic", "without drilling", "in a shared flat", "before moving day"],
            tips: [
                "Measure the door before you buy the sofa.",
                "One large rug makes a small room look larger than three small ones.",
                "Light from three low lamps beats one bright ceiling.",
                "What has no place of its own ends up on the table.",
                "Curtains hung at the ceiling lift the whole room.",
            ]),
        SimulatedTopic(
            category: "home", hashtags: ["declutter", "cleaning", "minimalism", "habits"],
            things: ["donation boxes", "cleaning rotas", "empty shelves", "paper piles", "capsule wardrobes"],
            acts: [
                "decluttering one drawer a day", "keeping a cleaning rota", "digitising paper",
                "building a capsule wardrobe",
            ],
            places: ["with a toddler around", "after my parents moved", "in fifteen minutes a day", "for good"],
            tips: [
                "Begin with the bathroom, as nobody is sentimental about old shampoo.",
                "A box with a date on it decides for you in six months.",
                "Clean from top to bottom and from dry to wet.",
                "Baking soda, vinegar and time do most of the work.",
                "Scan the letter, name the file, recycle the paper.",
            ]),
        SimulatedTopic(
            category: "pets", hashtags: ["rescuedog", "dogtraining", "puppy", "walks"],
            things: ["rescue dogs", "long leads", "treat pouches", "muddy walks", "recall games"],
            acts: ["training a recall", "settling a rescue dog", "walking without pulling", "crate training a puppy"],
            places: ["in the first three weeks", "in a busy city", "among other dogs", "with rainy-day games"],
            tips: [
                "Pay the dog for looking back at you, every single time.",
                "Three days to arrive, three weeks to relax, three months to belong.",
                "Turn around before the lead is tight and walk the other way.",
                "A tired nose makes a calmer dog than tired legs.",
                "Never call the dog for something it dislikes.",
            ]),
        SimulatedTopic(
            category: "pets", hashtags: ["cats", "kitten", "catcare", "enrichment"],
            things: ["shy kittens", "scratching posts", "puzzle feeders", "window perches", "cardboard castles"],
            acts: ["introducing a second cat", "clipping claws", "building cardboard castles", "feeding by puzzle"],
            places: ["in a flat without a balcony", "over two slow weeks", "with an old grumpy tom", "at night"],
            tips: [
                "Swap the blankets before the cats ever meet.",
                "Two bowls, two trays and one more than you think.",
                "A scratching post belongs where the sofa was attacked.",
                "Play, then food, then sleep: in that order the night is quiet.",
                "Let the cat end the petting and it will come back sooner.",
            ]),
        SimulatedTopic(
            category: "books", hashtags: ["bookclub", "novels", "reading", "library"],
            things: [
                "long novels", "library cards", "reading journals", "dog-eared paperbacks", "translated classics",
            ],
            acts: [
                "reading long novels slowly", "running a book club", "keeping a reading journal",
                "abandoning books early",
            ],
            places: ["on the morning bus", "in a language I am learning", "with twelve strangers", "before sleep"],
            tips: [
                "Give a book one page for every year below a hundred that you are old.",
                "A good question for a book club has no answer in the book.",
                "Reading aloud shows where a translation limps.",
                "Keep the phone in another room and the chapter ends itself.",
                "Write one sentence per book and you will remember all of them.",
            ]),
        SimulatedTopic(
            category: "books", hashtags: ["poetry", "writing", "notebooks", "fountainpen"],
            things: ["morning pages", "fountain pens", "short poems", "blank notebooks", "rejected drafts"],
            acts: ["writing every morning", "revising a poem", "filling a notebook", "sharing drafts with friends"],
            places: ["at six in the morning", "in a noisy café", "without the internet", "for a hundred days"],
            tips: [
                "Cut the first stanza, since the poem nearly always begins in the second.",
                "Ink dries slower on good paper, so left-handers turn the page.",
                "Stop in the middle of a sentence and tomorrow is easy.",
                "A draft needs a week in a drawer more than it needs a thesaurus.",
                "Read the line backwards to hear its weight.",
            ]),
    ]
}
