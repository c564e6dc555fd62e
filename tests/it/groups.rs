//! The group that a category of a city's export finds by its words, in eight languages.

use pointchaud::ingest::builtin_catalogue;

/// A group and categories of it; in each line one of English, French, German, Spanish, Italian,
/// Portuguese, Dutch and Polish. Every other one was left out while the words were tuned.
const OF_EIGHT_LANGUAGES: &str = "
    voirie | Damaged Sidewalk | Trou dans la chaussée | Schlagloch | Bache | Buca stradale
    voirie | Buraco na via | Kapotte stoeptegel | Dziura w jezdni
    neige | Snow Removal | Trottoir glacé | Winterdienst | Retirada de nieve
    neige | Spargimento sale e ghiaccio | Gelo na estrada | Gladheid en sneeuw
    neige | Odśnieżanie chodnika
    eclairage | Streetlight Out | Luminaire en panne | Defekte Straßenlaterne | Alumbrado público
    eclairage | Illuminazione pubblica | Iluminação pública | Straatverlichting
    eclairage | Oświetlenie uliczne
    matieres-residuelles | Missed Garbage Pickup | Collecte des ordures | Sperrmüll
    matieres-residuelles | Contenedor lleno | Mancata raccolta rifiuti | Recolha de lixo
    matieres-residuelles | Volle afvalbak | Wywóz śmieci
    arbres | Fallen Branch | Taille de haie | Grünanlagen | Poda de arbolado | Verde pubblico
    arbres | Árvore caída | Gevaarlijke boom | Wycinka drzew
    proprete | Illegal Dumping | Dépôt sauvage | Straßenreinigung | Limpieza viaria
    proprete | Pulizia strade | Limpeza urbana | Zwerfvuil | Zanieczyszczenie ulicy
    signalisation | Traffic Light Broken | Feu tricolore en panne | Ampel defekt
    signalisation | Semáforo averiado | Segnaletica stradale | Sinalização vertical
    signalisation | Verkeersbord scheef | Sygnalizacja świetlna
    securite-routiere | Illegal Parking | Stationnement gênant | Falschparker
    securite-routiere | Aparcamiento indebido | Sosta vietata | Estacionamento irregular
    securite-routiere | Parkeeroverlast | Nieprawidłowe parkowanie
    aqueduc | Clogged Storm Drain | Fuite d'eau | Kanalisation verstopft | Alcantarillado
    aqueduc | Tombino ostruito | Fuga de água | Verstopte riolering | Awaria wodociągowa
    bruit | Loud Music | Tapage nocturne | Lärmbelästigung | Ruido de bares | Rumore molesto
    bruit | Barulho de vizinhos | Geluidsoverlast | Hałas w nocy
    animaux | Stray Dog | Rats et souris | Tote Tiere | Perros sueltos | Derattizzazione
    animaux | Animal abandonado | Ratten in de tuin | Bezpańskie psy
    batiments | Unsafe Building | Immeuble insalubre | Gebäudeschaden | Edificio en ruinas
    batiments | Edificio pericolante | Obra irregular | Leegstaand gebouw | Budynek zagrożony
    permis-information | Business License | Demande de permis | Auskunft Steuern
    permis-information | Licencias y tributos | Informazioni tasse | Alvará de funcionamento
    permis-information | Vergunning aanvragen | Zezwolenie na ogródek
    autre | Miscellaneous | Divers | Sonstiges | Otros | Altro | Outros | Overig | Inne
    voirie | Sinkhole | Nids-de-poule | Gehwegschäden | Acera rota | Marciapiede dissestato
    voirie | Calçada danificada | Gat in het wegdek | Uszkodzony chodnik
    eclairage | Lamp Post Leaning | Éclairage de rue | Straßenbeleuchtung | Farola apagada
    eclairage | Lampione spento | Candeeiro apagado | Lantaarnpaal kapot | Niedziałająca latarnia
    matieres-residuelles | Overflowing Litter Bin | Bac roulant brisé | Überfüllter Papierkorb
    matieres-residuelles | Recogida de muebles | Cassonetto pieno | Contentor cheio
    matieres-residuelles | Grofvuil ophalen | Przepełniony kosz
    arbres | Overgrown Weeds | Élagage d'arbres | Hecke schneiden | Césped sin cortar
    arbres | Potatura alberi | Roçada de mato | Onkruid verwijderen | Koszenie trawy
    proprete | Street Sweeping | Graffitis | Schmierereien | Pintadas | Sporcizia in strada
    proprete | Varrição de rua | Bekladding | Dzikie wysypisko
    signalisation | Missing Stop Sign | Panneau renversé | Verkehrsschild beschädigt | Señal caída
    signalisation | Semaforo guasto | Placa de rua | Verkeerslicht kapot | Znak drogowy
    aqueduc | Water Main Leak | Égout bouché | Wasserrohrbruch | Fuga de agua | Allagamento
    aqueduc | Esgoto entupido | Verstopte kolk | Zalana ulica
    securite-routiere | Abandoned Vehicle | Vitesse excessive | Abgestellte Fahrzeuge
    securite-routiere | Vehículo abandonado | Veicolo abbandonato | Excesso de velocidade
    securite-routiere | Fietswrak | Porzucony pojazd
";

/// Further categories, written down after the words had been chosen.
const FURTHER: &str = "
    voirie | Sidewalk and Curb Issues | Affaissement de la voie | Straßenschäden
    voirie | Desperfectos en aceras | Buche e dissesti | Tapa-buraco | Wegen, straten, pleinen
    voirie | Ubytek w nawierzchni | Street Resurfacing Request | Réfection de trottoir
    voirie | Gefährliche Fahrbahnunebenheit | Pavimento en mal estado | Passeio degradado
    voirie | Wyrwa w drodze
    animaux | Dead Animal Pick-up | Nid de guêpes | Plagas de ratas | Blatte
    animaux | Controle de roedores | Dziki w mieście | Barking Dog | Ratten auf dem Spielplatz
    animaux | Foco de mosquito | Dode duif
    aqueduc | Water Service Problem | Verstopfter Gully | Tapa de arqueta rota | Perdita idrica
    aqueduc | Bueiro entupido | Put verstopt | Niedrożna studzienka | Bouche d'incendie ouverte
    aqueduc | Caditoia intasata
    matieres-residuelles | Recycling Cart Missing | Corbeille de rue pleine
    matieres-residuelles | Abfallbehälter defekt | Recogida de enseres | Svuotamento cestini
    matieres-residuelles | Coleta seletiva | Container vol | Śmieci przy altanie
    matieres-residuelles | Wilder Sperrmüll | Contenedores de vidrio | Papiercontainer kapot
    matieres-residuelles | Trash Not Collected
    bruit | Residential Noise | Lärm und Luftverschmutzung | Contaminación acústica
    bruit | Perturbação do sossego | Stankoverlast | Bruits de chantier | Schiamazzi notturni
    bruit | Zakłócanie ciszy nocnej
    securite-routiere | Blocked Driveway | Trottinette mal garée | Schrottfahrrad
    securite-routiere | Auto abbandonate | Veículos abandonados na via | Fietswrakken
    securite-routiere | Zablokowany wjazd | Véhicule ventouse | Parken auf dem Gehweg
    securite-routiere | Coches abandonados | Te hard rijden | Auto na chodniku
    neige | Sidewalk Not Shoveled | Śliska nawierzchnia | Déneigement de rue | Schneeräumung
    neige | Hielo en la acera | Sneeuwruimen | Oblodzony chodnik
    signalisation | Plaque de rue manquante | Verkehrszeichen verschmutzt | Señales y semáforos
    signalisation | Semafori | Uszkodzony znak | Pedestrian Signal Not Working
    signalisation | Cartello danneggiato | Semáforo apagado | Stoplicht defect
    eclairage | Candélabre éteint | Luminaria fundida | Lâmpada queimada
    eclairage | Lantaarnpaal brandt niet | Lampy uliczne | Street Lights All Out
    eclairage | Straßenlampe ausgefallen | Lampada bruciata | Poste apagado | Awaria oświetlenia
    proprete | Déjections canines | Illegale Müllablagerung | Limpieza de pintadas
    proprete | Deiezioni canine | Hondenpoep | Nielegalne graffiti | Litter and Leaf Clean-up
    proprete | Excrementos de perro | Abbandono di rifiuti | Descarte irregular de entulho
    arbres | Arbre dangereux | Umgestürzter Baum | Árboles y parterres | Sfalcio erba
    arbres | Supressão de árvore | Overhangende takken | Suche gałęzie | Riego de zonas verdes
    arbres | Boomtak afgebroken | Złamane drzewo
    permis-information | Property Tax Inquiry | Certidão de imóvel | Podatek od nieruchomości
    batiments | Moisissure dans le logement | Cantiere abusivo
";

/// Categories of which a part of a word is a word of another group, or that are of none.
const FRAGMENTS: &str = "
    autre | Bachelor party venue | Ratepayer query | Rathaus | Catering hall | Lightning strike
    autre | Cartography | Airport | Signature | Signalement | Segnalazione | Iceland | Chatham
    autre | Hundert Jahre | Bachelorarbeit
    aqueduc | Potable water
    securite-routiere | Taxi complaint | Parking lot
    arbres | Park maintenance | Feuilles mortes
    signalisation | Traffic light out at school
    permis-information | Building permit
    bruit | Noise from construction
";

#[test]
fn categories_find_their_group_by_whole_words_and_stems() {
    let catalogue = builtin_catalogue(false).unwrap();
    let (mut wrong, mut count) = (Vec::new(), 0);
    for line in [OF_EIGHT_LANGUAGES, FURTHER, FRAGMENTS].iter().flat_map(|table| table.lines()) {
        let mut cells = line.split('|').map(str::trim);
        let group = cells.next().unwrap_or_default();
        for name in cells {
            count += 1;
            let found = catalogue.guess_group(name);
            if found != group {
                wrong.push(format!("{name}: {found}, not {group}"));
            }
        }
    }
    assert!(count > 300, "{count}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}
