from light_offer import offer


def test_an_offer_has_places_for_tracks_and_for_data():
    lines = offer("mine", "password", "AB:CD").split("\r\n")
    assert [line.split()[0] for line in lines if line.startswith("m=")] == ["m=audio"] * 3 + ["m=video"] * 3 + [
        "m=application"
    ]
    assert "a=group:BUNDLE 0 1 2 3 4 5 6" in lines
