extension SimulatedTopic {
    static let outdoors: [SimulatedTopic] = [
        SimulatedTopic(
            category: "travel", hashtags: ["nighttrain", "slowtravel", "rail", "europe"],
            things: ["night trains", "sleeper cabins", "border stations", "rail passes", "dining cars"],
            acts: [
                "crossing the Alps by rail", "booking a couchette", "changing trains at midnight",
                "packing for a sleeper",
            ],
            places: ["between Vienna and Rome", "in winter", "with two children", "without a fixed plan"],
            tips: [
                "The upper berth is warmer and quieter than the lower one.",
                "Seat reservations open sixty days ahead and the cabins go first.",
                "A delayed connection on one ticket is the railway's problem and not yours.",
                "Earplugs and a shawl turn a seat into a bed.",
                "Walk to the dining car early, as the soup runs out before the border.",
            ]),
        SimulatedTopic(
            category: "travel", hashtags: ["islands", "ferry", "snorkelling", "coast"],
            things: ["tiny ferries", "pebble coves", "lighthouse paths", "snorkel masks", "harbour cafés"],
            acts: ["island hopping", "snorkelling from shore", "sleeping above the harbour", "walking the coast path"],
            places: ["in the Cyclades", "out of season", "with a folding bike", "after the storms"],
            tips: [
                "The slow ferry costs half and shows twice as much sea.",
                "Ask the baker which beach is sheltered today, for bakers know the wind.",
                "Water shoes save a holiday on pebbles and urchins.",
                "In October the sea is still warm and the rooms are empty.",
                "Carry cash, since the card machine follows the weather.",
            ]),
        SimulatedTopic(
            category: "travel", hashtags: ["citybreak", "museums", "architecture", "walking"],
            things: ["brick warehouses", "museum mornings", "covered markets", "rooftop views", "tram lines"],
            acts: [
                "sketching façades", "walking a city end to end", "finding quiet courtyards", "riding every tram line",
            ],
            places: ["in Porto", "in Lisbon's back streets", "on a rainy weekend", "in forty-eight hours"],
            tips: [
                "Museums are emptiest in the hour before closing.",
                "The best view of a skyline never includes the famous tower you stand on.",
                "Day passes pay off with the third tram ride.",
                "Courtyards are open more often than they look, so push the door.",
                "Eat where the menu is short and handwritten.",
            ]),
        SimulatedTopic(
            category: "outdoors", hashtags: ["hiking", "mountains", "trail", "huts"],
            things: ["mountain huts", "ridge walks", "trail maps", "wool socks", "summit sandwiches"],
            acts: ["hiking hut to hut", "reading contour lines", "crossing snowfields", "packing under eight kilos"],
            places: ["in the Dolomites", "in shoulder season", "above the tree line", "with a slow group"],
            tips: [
                "Start before seven, because the storms come at three.",
                "Blisters begin as warm spots, and tape put on at once stops them.",
                "Count one hour for each four kilometres and one for each four hundred metres up.",
                "A hut that is full still has room on the floor for the tired.",
                "Poles save the knees on the way down.",
            ]),
        SimulatedTopic(
            category: "outdoors", hashtags: ["birdwatching", "nature", "binoculars", "wetlands"],
            things: ["reed warblers", "old binoculars", "bird hides", "migrating cranes", "field notebooks"],
            acts: [
                "learning bird songs", "counting migrating cranes", "sitting still in a hide",
                "keeping a field notebook",
            ],
            places: ["at the estuary", "at first light", "in the city park", "during spring migration"],
            tips: [
                "Learn ten songs well before you try the eleventh.",
                "A cold clear morning after rain brings the waders close.",
                "Look at the shape and the flight before the colours.",
                "Eight times magnification is steadier than ten in most hands.",
                "Write the sighting down at once, because memory adds feathers.",
            ]),
        SimulatedTopic(
            category: "outdoors", hashtags: ["camping", "tent", "stars", "bushcraft"],
            things: ["tunnel tents", "camp stoves", "sleeping mats", "paper star charts", "dry bags"],
            acts: ["pitching in the wind", "cooking on one burner", "naming constellations", "staying dry for a week"],
            places: ["by a mountain lake", "on a moonless night", "in the northern forest", "in early spring"],
            tips: [
                "The mat matters more than the sleeping bag, since the ground steals the heat.",
                "Pitch the door away from the wind and towards the sunrise.",
                "Let the eyes adapt for twenty minutes before looking for the Milky Way.",
                "Boil water in the evening and sleep with the bottle.",
                "Guy lines hold in sand when they are tied to buried stones.",
            ]),
    ]
}
