extension SimulatedTopic {
    static let kitchen: [SimulatedTopic] = [
        SimulatedTopic(
            category: "food", hashtags: ["sourdough", "bread", "baking", "fermentation"],
            things: ["rye loaves", "sourdough starters", "proofing baskets", "crackling crusts", "overnight doughs"],
            acts: [
                "baking with rye flour", "feeding a starter", "shaping wet dough", "scoring a loaf", "baking in a pot",
            ],
            places: ["in a small kitchen", "in a cold flat", "at high altitude", "in a gas oven"],
            tips: [
                "A starter is ready when it doubles within six hours and smells of yoghurt.",
                "Salt slows the yeast, so it goes in after the first rest.",
                "Steam in the first fifteen minutes lets the crust stretch before it sets.",
                "Cut the loaf only when it is cool, or the crumb turns gummy.",
                "Wet hands stick less to the dough than floured ones.",
            ]),
        SimulatedTopic(
            category: "food", hashtags: ["espresso", "coffee", "homebarista", "grinder"],
            things: ["single-origin beans", "hand grinders", "milk jugs", "paper filters", "slow shots"],
            acts: [
                "dialling in a grinder", "steaming milk", "pulling a ristretto", "brewing by weight", "tasting blends",
            ],
            places: ["before work", "with soft water", "on a camping stove", "at the office"],
            tips: [
                "Grind finer when the shot runs through in under twenty seconds.",
                "Beans rest for a week after roasting before they taste sweet.",
                "A scale under the cup teaches more than any gadget.",
                "Purge the steam wand first, or the milk gets watery.",
                "Hard water hides the acidity of a light roast.",
            ]),
        SimulatedTopic(
            category: "food", hashtags: ["dumplings", "noodles", "streetfood", "homecooking"],
            things: ["pork dumplings", "hand-pulled noodles", "chilli oils", "bamboo steamers", "pickled greens"],
            acts: ["folding dumplings", "stretching noodles", "balancing a broth", "frying in a wok", "steaming buns"],
            places: ["at the night market", "for ten guests", "on a weeknight", "with my grandmother"],
            tips: [
                "Rest the wrapper dough for half an hour and it stops springing back.",
                "A wok must smoke before the oil goes in.",
                "Black vinegar at the end wakes up a tired broth.",
                "Freeze dumplings on a tray first so that they do not stick together.",
                "Chilli flakes burn quickly, so pour the oil over them and not the other way round.",
            ]),
        SimulatedTopic(
            category: "food", hashtags: ["vegan", "lentils", "mealprep", "plantbased"],
            things: ["red lentils", "bean stews", "roasted chickpeas", "lunch boxes", "tahini dressings"],
            acts: [
                "cooking lentils for the week", "pressing tofu", "building a grain bowl", "freezing stews",
                "soaking beans",
            ],
            places: ["on a student budget", "for a family of five", "in one pot", "on Sunday afternoon"],
            tips: [
                "Smoked paprika gives beans the depth that bacon used to.",
                "Roast the vegetables on two trays, because crowded ones steam.",
                "Lentils keep for four days in the fridge and three months in the freezer.",
                "A spoon of miso replaces the missing savoury note.",
                "Dress the grains while they are warm and they drink up the lemon.",
            ]),
        SimulatedTopic(
            category: "food", hashtags: ["cheese", "fermentedfood", "kimchi", "preserving"],
            things: ["fresh curds", "kimchi jars", "brined cucumbers", "cheese moulds", "preserving crocks"],
            acts: [
                "making halloumi", "salting cabbage", "straining yoghurt", "ageing a small cheese",
                "brining vegetables",
            ],
            places: ["in a cellar", "without special tools", "in late summer", "on the kitchen counter"],
            tips: [
                "Two percent of salt by weight keeps cabbage crisp and safe.",
                "Everything under the brine is fine, everything above it moulds.",
                "Warm the milk slowly, since fast heat gives rubbery curds.",
                "Leave room in the jar, because a lively ferment climbs.",
                "A clean cloth and patience replace most of the equipment.",
            ]),
    ]
}
