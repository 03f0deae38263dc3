extension SimulatedTopic {
    static let screens: [SimulatedTopic] = [
        SimulatedTopic(
            category: "technology", hashtags: ["selfhosting", "homeserver", "backup", "linux"],
            things: ["quiet home servers", "nightly backups", "used mini computers", "failing disks", "log files"],
            acts: ["hosting photos at home", "testing a restore", "replacing a failing disk", "moving off the cloud"],
            places: ["on a ten-year-old laptop", "behind a slow line", "under the stairs", "for the whole family"],
            tips: [
                "A backup that was never restored is a wish.",
                "Keep three copies on two kinds of disk, with one in another house.",
                "Write down the port before you forget which service has it.",
                "Updates on Friday evening are how weekends disappear.",
                "Disks fail in the order in which they were bought.",
            ]),
        SimulatedTopic(
            category: "technology", hashtags: ["keyboards", "mechanicalkeyboard", "soldering", "desksetup"],
            things: ["split keyboards", "tactile switches", "lubed stabilisers", "keycap sets", "wrist rests"],
            acts: ["soldering a keyboard", "learning a new layout", "lubing switches", "silencing stabilisers"],
            places: ["in an open-plan office", "in one weekend", "with shaky hands", "after wrist pain"],
            tips: [
                "Type slowly for a week and the new layout stays for life.",
                "Flux makes a beginner's joint look like an expert's.",
                "Test each switch before the plate is closed.",
                "A thin layer of grease is quieter than a thick one.",
                "Tent the halves until the thumbs point up.",
            ]),
        SimulatedTopic(
            category: "technology", hashtags: ["programming", "learntocode", "debugging", "opensource"],
            things: ["first pull requests", "failing tests", "side projects", "error messages", "code reviews"],
            acts: [
                "reading other people's code", "writing the test first", "debugging with print",
                "finishing a side project",
            ],
            places: ["after hours", "as a late starter", "in a small team", "in public"],
            tips: [
                "Read the error message aloud before you search for it.",
                "The smallest failing example is usually the answer.",
                "Name things for the reader who has only this file open.",
                "Delete code on the day you know that it is dead.",
                "A question asked in the review is cheaper than a guess.",
            ]),
        SimulatedTopic(
            category: "photography", hashtags: ["filmphotography", "analogue", "darkroom", "35mm"],
            things: ["expired films", "contact sheets", "old rangefinders", "developing tanks", "silver prints"],
            acts: [
                "developing film at home", "metering by eye", "printing in a darkroom", "shooting one lens for a year",
            ],
            places: ["in the bathroom", "in fading light", "with a broken meter", "on black and white"],
            tips: [
                "Expose for the shadows and let the highlights look after themselves.",
                "Warm developer works faster and grains more.",
                "A contact sheet is the most honest editor.",
                "Rate expired film one stop slower for each decade.",
                "Squeeze the bottle, because air spoils the fixer.",
            ]),
        SimulatedTopic(
            category: "photography", hashtags: ["portrait", "naturallight", "phonephotography", "composition"],
            things: ["window portraits", "reflector cards", "candid pictures", "golden-hour walks", "phone tripods"],
            acts: [
                "photographing people by a window", "using a phone well", "directing shy friends",
                "editing with restraint",
            ],
            places: ["in a grey month", "at a wedding", "with no equipment", "five minutes before sunset"],
            tips: [
                "Turn off the ceiling light before you open the curtain.",
                "Step closer, then once more.",
                "White card under the chin lifts the shadows for nothing.",
                "Ask a question and press the button after the answer.",
                "Lower the highlights first and leave the sliders after that alone.",
            ]),
        SimulatedTopic(
            category: "music", hashtags: ["guitar", "practice", "fingerstyle", "songwriting"],
            things: ["nylon strings", "barre chords", "open tunings", "practice logs", "bedroom recordings"],
            acts: ["learning fingerstyle", "practising with a metronome", "writing a chorus", "recording a demo"],
            places: [
                "after forty", "in an apartment with thin walls", "fifteen minutes a day", "with a cheap microphone",
            ],
            tips: [
                "Slow it down until it is boring, then ten percent more.",
                "Change the strings before you blame the guitar.",
                "The thumb keeps the time and the fingers tell the story.",
                "Record yourself weekly, because ears forgive while playing.",
                "A chorus that you can whistle is finished.",
            ]),
        SimulatedTopic(
            category: "music", hashtags: ["vinyl", "records", "jazz", "hifi"],
            things: [
                "second-hand records", "moving-coil cartridges", "jazz reissues", "record brushes",
                "listening evenings",
            ],
            acts: [
                "digging through crates", "cleaning records", "setting a tracking force", "hosting a listening evening",
            ],
            places: ["at the flea market", "in a damp cellar", "with modest speakers", "on Thursday nights"],
            tips: [
                "Play the record once before you judge the crackle.",
                "A level turntable sounds better than an expensive one.",
                "Hold the sleeve to the light, since the seams tell its life.",
                "Start jazz with the sidemen and not the stars.",
                "Wash with distilled water and let it dry by itself.",
            ]),
    ]
}
