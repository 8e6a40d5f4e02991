"""First names as Polish greets with them: "Panie Janie", "Pani Anno". Names that are not listed stay as they are."""

from __future__ import annotations

from enum import StrEnum


class Gender(StrEnum):
    """How somebody is addressed, as far as the first name tells."""

    MAN = "man"
    WOMAN = "woman"
    UNKNOWN = ""


_MEN_LISTED = """
    Adam/Adamie Adrian/Adrianie Albert/Albercie Aleksander/Aleksandrze Aleksy/Aleksy Alfred/Alfredzie
    Andrzej/Andrzeju Antoni/Antoni Arkadiusz/Arkadiuszu Artur/Arturze August/Auguście Bartłomiej/Bartłomieju
    Bartosz/Bartoszu Błażej/Błażeju Bogdan/Bogdanie Bogusław/Bogusławie Bolesław/Bolesławie Borys/Borysie
    Bronisław/Bronisławie Cezary/Cezary Czesław/Czesławie Damian/Damianie Daniel/Danielu Dariusz/Dariuszu
    Dawid/Dawidzie Dominik/Dominiku Edmund/Edmundzie Edward/Edwardzie Emil/Emilu Eryk/Eryku
    Eugeniusz/Eugeniuszu Fabian/Fabianie Feliks/Feliksie Filip/Filipie Franciszek/Franciszku
    Fryderyk/Fryderyku Gabriel/Gabrielu Grzegorz/Grzegorzu Gustaw/Gustawie Henryk/Henryku Hubert/Hubercie
    Ignacy/Ignacy Igor/Igorze Ireneusz/Ireneuszu Iwo/Iwo Jacek/Jacku Jakub/Jakubie Jan/Janie Janusz/Januszu
    Jarosław/Jarosławie Jerzy/Jerzy Jędrzej/Jędrzeju Józef/Józefie Julian/Julianie Juliusz/Juliuszu
    Kacper/Kacprze Kajetan/Kajetanie Kamil/Kamilu Karol/Karolu Kazimierz/Kazimierzu Konrad/Konradzie
    Kornel/Kornelu Krystian/Krystianie Krzysztof/Krzysztofie Ksawery/Ksawery Leon/Leonie Leszek/Leszku
    Lucjan/Lucjanie Ludwik/Ludwiku Łukasz/Łukaszu Maciej/Macieju Maksymilian/Maksymilianie Marcel/Marcelu
    Marcin/Marcinie Marek/Marku Marian/Marianie Mariusz/Mariuszu Mateusz/Mateuszu Michał/Michale
    Mieczysław/Mieczysławie Mikołaj/Mikołaju Miłosz/Miłoszu Mirosław/Mirosławie Nikodem/Nikodemie
    Norbert/Norbercie Oktawian/Oktawianie Olaf/Olafie Oleg/Olegu Oliwier/Oliwierze Oskar/Oskarze
    Patryk/Patryku Paweł/Pawle Piotr/Piotrze Przemysław/Przemysławie Radosław/Radosławie Rafał/Rafale
    Robert/Robercie Roman/Romanie Ryszard/Ryszardzie Sebastian/Sebastianie Sławomir/Sławomirze
    Stanisław/Stanisławie Stefan/Stefanie Szymon/Szymonie Tadeusz/Tadeuszu Teodor/Teodorze Tobiasz/Tobiaszu
    Tomasz/Tomaszu Tymon/Tymonie Tymoteusz/Tymoteuszu Waldemar/Waldemarze Wiesław/Wiesławie Wiktor/Wiktorze
    Wincenty/Wincenty Witold/Witoldzie Władysław/Władysławie Włodzimierz/Włodzimierzu Wojciech/Wojciechu
    Zbigniew/Zbigniewie Zdzisław/Zdzisławie Zenon/Zenonie Zygmunt/Zygmuncie
"""
#: Nominative and vocative; the endings follow the stem's last sound, so they are listed and not computed.
_MEN = dict(pair.split("/") for pair in _MEN_LISTED.split())
_WOMEN_LISTED = """
    Ada Adela Adrianna Agata Agnieszka Aleksandra Alicja Alina Amelia Anastazja Aneta Angelika Aniela Anita
    Anna Antonina Apolonia Barbara Beata Bernadeta Blanka Bogumiła Bogusława Bożena Bronisława Brygida
    Cecylia Celina Czesława Dagmara Danuta Daria Dominika Dorota Edyta Elżbieta Emilia Emma Eugenia Eulalia
    Ewa Ewelina Felicja Franciszka Gabriela Genowefa Grażyna Halina Hanna Helena Helga Henryka Honorata Iga
    Ilona Irena Irmina Iwona Iza Izabela Izabella Jadwiga Jagoda Janina Joanna Jolanta Jowita Judyta Julia
    Julianna Julita Justyna Józefa Kaja Kalina Kamila Karina Karolina Katarzyna Kazimiera Kinga Klara Klaudia
    Kornelia Krystyna Laura Lena Lidia Liliana Lucyna Ludwika Luiza Magda Magdalena Maja Malwina Marcelina
    Maria Marianna Mariola Marlena Marta Martyna Marzena Matylda Małgorzata Michalina Milena Mirosława Monika
    Nadia Natalia Natasza Nikola Nina Oktawia Ola Olga Oliwia Otylia Patrycja Paula Paulina Pola Regina
    Renata Roksana Rozalia Ryszarda Róża Sabina Sandra Sara Stanisława Stefania Stella Sylwia Tamara Teodora
    Teresa Urszula Violetta Wacława Walentyna Wanda Weronika Wiesława Wiktoria Wioleta Władysława Zofia
    Zuzanna Zyta Łucja Żaneta Żelisława
"""
_WOMEN = frozenset(_WOMEN_LISTED.split())


def gender(first_name: str) -> Gender:
    """Whom the first name most likely belongs to."""
    known = _known(first_name)
    if known in _MEN:
        return Gender.MAN
    return Gender.WOMAN if known in _WOMEN else Gender.UNKNOWN


def vocative(first_name: str) -> str:
    """The form of address: "Janie", "Anno"; the name as it is where it is not known."""
    known = _known(first_name)
    if known in _MEN:
        return _MEN[known]
    return f"{known[:-1]}o" if known in _WOMEN else first_name


def by_gender(first_name: str, man: str, woman: str, else_: str) -> str:
    """One of three texts, such as "Pan", "Pani" and "Państwo"."""
    return {Gender.MAN: man, Gender.WOMAN: woman}.get(gender(first_name), else_)


def _known(first_name: str) -> str:
    # "jan", "JAN" and "Anna Maria" come in from files; who is called by two names is addressed by the first.
    return first_name.split()[0].capitalize() if first_name.split() else ""
