extension SimulatedTopic {
    static let moving: [SimulatedTopic] = [
        SimulatedTopic(
            category: "fitness", hashtags: ["running", "marathon", "5k", "trailrunning"],
            things: ["easy miles", "hill repeats", "worn-out shoes", "race-day nerves", "training logs"],
            acts: [
                "running a first marathon", "running slowly enough", "coming back from shin splints",
                "pacing a long run",
            ],
            places: ["before sunrise", "on three days a week", "through a hot summer", "after a long break"],
            tips: [
                "If you cannot talk, it is not an easy run.",
                "Add ten percent a week and rest in the fourth.",
                "New shoes never meet a race on the same day.",
                "The wall is mostly breakfast.",
                "Sleep is the only legal wonder drug.",
            ]),
        SimulatedTopic(
            category: "fitness", hashtags: ["climbing", "bouldering", "fingerstrength", "crag"],
            things: ["slab problems", "chalk bags", "taped fingers", "hangboards", "sport routes"],
            acts: [
                "learning to fall", "projecting a boulder", "training on a hangboard",
                "climbing outside for the first time",
            ],
            places: ["at the old quarry", "with short arms", "at the climbing gym", "without a partner"],
            tips: [
                "Look at the feet until they are quiet.",
                "Fingers grow stronger in years and break in seconds.",
                "Fall early and often while it is still low.",
                "Brush the holds, for rubber is half of the grade.",
                "Two rest days are training too.",
            ]),
        SimulatedTopic(
            category: "fitness", hashtags: ["yoga", "mobility", "backpain", "stretching"],
            things: ["stiff hips", "sun salutations", "yoga blocks", "desk breaks", "breathing drills"],
            acts: [
                "undoing a desk job", "building a morning routine", "stretching tight hamstrings",
                "breathing through balance",
            ],
            places: ["next to the bed", "in ten minutes", "at the standing desk", "with a bad back"],
            tips: [
                "Bend the knees in forward folds, for the back says thanks.",
                "Five minutes each day beat an hour on Sunday.",
                "The breath should never know that the pose is hard.",
                "Blocks bring the floor to you, and that is what they are for.",
                "Strength at the end of the range is what makes it stay.",
            ]),
        SimulatedTopic(
            category: "cycling", hashtags: ["bikepacking", "gravel", "touring", "bikes"],
            things: ["gravel roads", "frame bags", "tubeless tyres", "dynamo lights", "border climbs"],
            acts: [
                "bikepacking over a weekend", "fixing a slashed tyre", "riding gravel at night", "packing a frame bag",
            ],
            places: ["along the old railway", "across three borders", "in endless drizzle", "on a steel frame"],
            tips: [
                "Lower the pressure until the gravel stops talking.",
                "Heavy things low, soft things high, food within reach.",
                "A folded banknote makes a tyre boot.",
                "Eat before you are hungry and dress before you are cold.",
                "Village cemeteries have drinking water nearly everywhere.",
            ]),
        SimulatedTopic(
            category: "cycling", hashtags: ["commuting", "citybike", "cargobike", "bikelane"],
            things: ["cargo bikes", "bike lanes", "rain capes", "school runs", "folding locks"],
            acts: ["commuting through winter", "carrying two children", "choosing a lock", "arriving dry at work"],
            places: ["across town", "in heavy traffic", "instead of a second car", "with a trailer"],
            tips: [
                "Mudguards are cheaper than trousers.",
                "Ride where the driver looks and not where there is room.",
                "Two different locks ask for two different thieves.",
                "Studded tyres turn ice into an ordinary Tuesday.",
                "Test the route on Sunday before the first Monday.",
            ]),
        SimulatedTopic(
            category: "games", hashtags: ["boardgames", "strategy", "gamenight", "solitaire"],
            things: ["worker-placement games", "wooden tokens", "rulebooks", "solo campaigns", "party games"],
            acts: ["teaching rules quickly", "hosting a game night", "painting miniatures", "playing solo campaigns"],
            places: ["with people who hate rules", "at the library", "in under an hour", "on holiday"],
            tips: [
                "Say how the game is won before how it is played.",
                "Let the newest player take the first turn back.",
                "Two short games welcome more people than a long one.",
                "Sleeve the cards that are shuffled and leave the rest.",
                "Thin the paint, and then thin it again.",
            ]),
    ]
}
