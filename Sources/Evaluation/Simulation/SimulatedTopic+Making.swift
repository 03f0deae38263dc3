extension SimulatedTopic {
    static let making: [SimulatedTopic] = [
        SimulatedTopic(
            category: "craft", hashtags: ["knitting", "wool", "sweater", "handmade"],
            things: ["cable sweaters", "merino skeins", "circular needles", "striped socks", "stitch markers"],
            acts: [
                "knitting a first sweater", "turning a heel", "blocking lace", "choosing yarn weights",
                "mending elbows",
            ],
            places: ["on the train", "during long winters", "in a knitting circle", "from a vintage pattern"],
            tips: [
                "Knit the swatch, wash it, and only then believe the gauge.",
                "A lifeline through the lace saves the whole evening.",
                "Superwash wool grows, so plan for negative ease.",
                "Count the stitches after each increase row and not at the end.",
                "Weave the ends in as you go and the last night is a happy one.",
            ]),
        SimulatedTopic(
            category: "craft", hashtags: ["woodworking", "handtools", "furniture", "joinery"],
            things: ["dovetail joints", "block planes", "oak boards", "workbenches", "milk-paint stools"],
            acts: ["cutting dovetails by hand", "sharpening a chisel", "oiling a tabletop", "flattening rough boards"],
            places: ["in a shared garage", "on a balcony", "with three tools", "from reclaimed timber"],
            tips: [
                "A chisel that does not shave the arm is not sharp yet.",
                "Let boards rest in the room for two weeks before they are cut.",
                "Mark with a knife, because a pencil line is as wide as the error.",
                "Glue needs pressure, not force, and a cup of patience.",
                "Plane with the grain and the shavings will tell you when it turns.",
            ]),
        SimulatedTopic(
            category: "craft", hashtags: ["pottery", "ceramics", "glaze", "wheel"],
            things: ["stoneware mugs", "celadon glazes", "kiln shelves", "pulled handles", "ash bowls"],
            acts: ["centring clay", "pulling handles", "mixing a matt glaze", "trimming bowls", "firing a small kiln"],
            places: ["at the community studio", "on a kick wheel", "after ten failures", "with local clay"],
            tips: [
                "Centring is done with the hips and not the hands.",
                "A handle joins when both parts are as soft as cheese.",
                "Wax the foot, or the mug becomes part of the shelf.",
                "Three thin coats of glaze run less than one thick one.",
                "Dry the rim slowly under plastic and it will not crack.",
            ]),
        SimulatedTopic(
            category: "craft", hashtags: ["sewing", "denim", "mending", "slowfashion"],
            things: ["patched jeans", "sashiko threads", "linen shirts", "sewing machines", "felled seams"],
            acts: ["mending jeans visibly", "drafting a shirt pattern", "sewing a zip", "altering thrifted coats"],
            places: ["on a kitchen table", "with a borrowed machine", "at the repair café", "by hand"],
            tips: [
                "Press every seam before the next one crosses it.",
                "A fresh needle cures half of all skipped stitches.",
                "Wash the linen twice before cutting, as it shrinks twice.",
                "Pin across the seam and take the pins out before the foot arrives.",
                "The patch goes inside and the stitches go everywhere.",
            ]),
        SimulatedTopic(
            category: "garden", hashtags: ["balcony", "tomatoes", "containers", "urbangarden"],
            things: ["cherry tomatoes", "terracotta pots", "tomato seedlings", "herb boxes", "watering cans"],
            acts: [
                "growing tomatoes in pots", "hardening off seedlings", "feeding with nettle tea",
                "pinching side shoots",
            ],
            places: ["on a windy balcony", "on the fifth floor", "facing north", "in a wet summer"],
            tips: [
                "Twenty litres of soil for each tomato plant is the least that works.",
                "Water deeply in the morning and never on the leaves.",
                "Basil beside the pots keeps whitefly guessing.",
                "Take out the side shoots while they are as long as a finger.",
                "Yellow lower leaves ask for nitrogen, brown tips ask for less sun.",
            ]),
        SimulatedTopic(
            category: "garden", hashtags: ["houseplants", "monstera", "propagation", "indoorjungle"],
            things: ["monstera cuttings", "trailing pothos", "moss poles", "self-watering pots", "fungus gnats"],
            acts: ["rooting cuttings in water", "repotting a monstera", "fighting fungus gnats", "misting ferns"],
            places: ["in a dark hallway", "above a radiator", "in a rented room", "next to a south window"],
            tips: [
                "More houseplants drown than die of thirst.",
                "A cutting needs a node, since a leaf alone only looks hopeful.",
                "Let the top two centimetres dry and the gnats move out.",
                "Turn the pot a quarter each week and it grows straight.",
                "Dust on the leaves costs as much light as a curtain.",
            ]),
    ]
}
