//! Words of column names in English, French, German, Spanish, Italian, Portuguese, Dutch and
//! Polish, and what a name made of them says about its column.

use std::collections::HashMap;
use std::sync::LazyLock;

use Concept::{
    Address, Answer, Area, Category, Channel, Closed, Code, Created, Date, East, Expected, Finer,
    Group, House, Id, Latitude, Longitude, Name, North, Number, Outcome, Parent, Period, Point,
    Postcode, Request, RowNumber, State, Status, Text, Updated,
};

use crate::domain::fold;
use crate::ingest::column::deadlines::{NamedTimes, says_planned};
use crate::ingest::column::ends::says_done;
use crate::ingest::column::question_names::telling_words;
use crate::ingest::reference_system::words::is_system;

/// What a word of a column's name means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concept {
    /// A key of a record.
    Id,
    /// The number of something.
    Number,
    /// The number that a program gave the row of a table: another in the next export.
    RowNumber,
    /// A house, of which the number is no key.
    House,
    /// The request itself, or a word that adds nothing.
    Request,
    /// A day or a time.
    Date,
    /// The beginning of a request.
    Created,
    /// Its end.
    Closed,
    /// Its latest change.
    Updated,
    /// What is promised.
    Expected,
    /// How far it is.
    Status,
    /// How far it is, or a part of a country.
    State,
    /// What it is about.
    Category,
    /// A finer category within another.
    Finer,
    /// Who deals with it, or a coarser category.
    Group,
    /// Free text.
    Text,
    /// The city's answer.
    Answer,
    /// How the request ended, in a few words.
    Outcome,
    /// A street address.
    Address,
    /// A part of the city.
    Area,
    /// A postal code.
    Postcode,
    /// North or south.
    Latitude,
    /// East or west.
    Longitude,
    /// First projected coordinate.
    East,
    /// Second projected coordinate.
    North,
    /// A place as one text.
    Point,
    /// The way in which the request came in.
    Channel,
    /// The request that this one repeats.
    Parent,
    /// A short code in place of a name.
    Code,
    /// The name of something.
    Name,
    /// A part of a date, such as its year: repeats another column.
    Period,
}

/// Words without accents, lower case. The first entry that has a word counts.
const WORDS: [(Concept, &str); 31] = [
    (
        Id,
        "id ids uuid guid key ref reference referentie identifiant identificador identificativo \
         identyfikator kennung kenmerk aktenzeichen geschaftszeichen clave cle folio protocolo \
         protocollo ticket ticketid fitxa ficha referencia referencja riferimento rif sygnatura \
         znak",
    ),
    (Number, "number num no nr nro numero numer nummer"),
    (RowNumber, "objectid fid gid ogc rowid rownumber rownum lfd"),
    (House, "house hausnummer haus huisnummer huis housenumber civico civique"),
    (
        Request,
        "request requests req service services svc sr case issue incident record rec call prob \
         problem demande requete signalement dossier plainte anomalie meldung meldungs melding \
         meldings anfrage vorgang vorgangs anliegen beschwerde hinweis solicitud peticion queja \
         incidencia aviso segnalazione richiesta reclamo pedido solicitacao ocorrencia reclamacao \
         chamado verzoek klacht zgloszenie zgloszenia wniosek sprawa sprawy order de du des la le \
         les di da do del della der die das des van het of the for enquiry report reports \
         servico servicos servicio servicios servizio dienstleistung demanda demandas atendimento \
         manifestacao denuncia avisos avis event notification notifications contacto contato \
         contact user expediente expedient pratica processo zaak wo workorder complaint \
         complaints anomalia anomalias probleme problema problemas problemen",
    ),
    (
        Period,
        "year annee jahr ano any anno jaar rok month mois monat mes mese maand miesiac week \
         semaine woche semana quarter hour heure weekday",
    ),
    (
        Updated,
        "updated update modified modification lastmodified changed maj modifie actualisation \
         geandert anderung anderungs bearbeitung bearbeitungs aktualisiert aktualisierung \
         aktualisierungs actualizado actualizacion modificado modificacion aggiornamento \
         aggiornato modifica atualizacao atualizado modificacao gewijzigd wijziging wijzigings \
         bijgewerkt aktualizacji aktualizacja zmiany modyfikacji last letzte letztes letzter \
         derniere ultima ultimo laatste ostatnia latest \
         ult geaendert aenderung aenderungs edit edited edition revised revision modifiee modifies \
         actualise actualisee bearbeitet editado editada edicion actualizada modificada \
         aggiornata modificato variazione atualizada alteracao alterado alterada laatst \
         gewijzigde aangepast aanpassing mutatie zmieniono zmodyfikowano zaktualizowano ostatniej \
         ostatnio modyfikacja zmiana actualitzacio actualitzat modificacio modificat darrera",
    ),
    (
        Closed,
        "closed close closing closure completed completion complete resolved resolution finished \
         end ended cloture clos ferme fermeture fin resolu terminee termine abschluss abschlusses \
         abgeschlossen erledigt erledigung erledigungs geschlossen ende cierre cerrado resuelto \
         finalizacion chiusura chiuso chiusa risolto risoluzione fine fechamento \
         fecho fechado encerramento encerrado conclusao resolucao afgerond afgehandeld afhandeling \
         afhandelings gesloten sluiting einde zamkniecia zamkniecie zakonczenia zakonczenie \
         rozwiazania done solved conclusion concluded afsluit afsluiting tancament tancat \
         resolucion solucion fixed repaired rectified finalised finalized cleared fulfilled \
         actioned traite traitee traites realise realisee resolue acheve achevee behoben beendet \
         fertiggestellt finalizado finalizada solucionado solucionada resuelta terminado terminada \
         atendido termino tancada risolta evasa evaso concluso conclusa fim concluido concluida \
         finalizacao resolvido fechada encerrada gereed gereedgemeld afgemeld afmeld eind opgelost \
         zamknieto zakonczono wykonano zrealizowano rozwiazano zalatwiono regle reglee regles \
         afgesloten",
    ),
    (
        Expected,
        "expected due target deadline sla planned echeance prevu prevue faellig fallig \
         frist soll vencimiento prevista previsto scadenza prazo vervaldatum verwacht verwachte \
         planowana",
    ),
    (
        Created,
        "created creation create opened open opening submitted submission received \
         reported requested added entered entry init initiated logged start started creee cree \
         ouverture ouvert decl declaration declare depot recue reception saisie debut \
         erstellt erstellung erstellungs eingang eingangs eingegangen gemeldet angelegt eroffnet \
         erfasst creado creacion apertura alta recepcion inicio registro ingreso creazione \
         inserimento aperto ricezione inizio criacao abertura criado entrada aangemaakt aanmaak \
         ingediend ontvangst ontvangen gemeld begin utworzenia utworzono zgloszono przyjecia \
         wplywu dodania rejestracji meld melde raised lodged filed logging reportado signale \
         einlangen melden registo registratie registratiedatum",
    ),
    (
        Date,
        "date dates datetime time timestamp dt day moment horodatage heure datum zeit zeitpunkt \
         uhrzeit tag fecha hora dia data ora giorno tijd tijdstip dzien czas godzina",
    ),
    (
        Status,
        "status etat statut zustand bearbeitungsstand bearbeitungsstatus situacion situacao \
         toestand estat estatus",
    ),
    (State, "state estado stato stan stand"),
    (
        Finer,
        "sub subtype subcategory subtopic sous soustype souscategorie unterkategorie unter \
         subtipo subcategoria sottocategoria sottotipo subcategorie podkategoria detailed \
         subdivision subdivisao subject2 detail2 subtema sousrubrique sottoargomento sotto onder",
    ),
    (
        Category,
        "category categories type topic subject problemtype theme categorie sujet motif nature \
         rubrique kategorie thema art typ betreff anliegenart categoria tipo tema asunto motivo \
         argomento tipologia assunto natureza categoriae soort onderwerp kategoria rodzaj temat \
         tipus element elemento concepto concept classification classificacao clasificacion \
         classificazione meldungsart servicename kind issuetype requesttype thematique \
         tematica thematik rubriek hoofdcategorie hoofdrubriek hauptkategorie hauptthema \
         oberkategorie",
    ),
    (
        Group,
        "group department dept agency division unit groupe departement direction intervenant \
         gruppe amt abteilung fachbereich zustandigkeit grupo departamento unidad gruppo ufficio \
         settore dipartimento orgao secretaria setor afdeling dienst groep wydzial jednostka \
         grupa owner bureau team section organization organisation responsible agencia \
         abteilungen fachamt",
    ),
    (
        Answer,
        "notes answer response explanation comment comments reponse commentaire \
         antwort ruckmeldung respuesta risposta resposta antwoord odpowiedz",
    ),
    (
        Outcome,
        "outcome outcomes disposition dispositions result results resultat resultats ergebnis \
         ergebnisse resultado resultados risultato risultati esito esiti desfecho resultaat \
         uitkomst wynik rezultat",
    ),
    (
        Text,
        "description details detail text title summary descriptif libelle message resume titre \
         beschreibung titel descripcion detalle texto titulo descrizione testo titolo dettaglio \
         descricao detalhe omschrijving beschrijving opis tresc tytul desc describe decrivez \
         beschreiben describa descriva descreva beschrijf opisz",
    ),
    (
        Address,
        "address addr street location adresse rue voie strasse anschrift ort standort \
         direccion calle domicilio ubicacion indirizzo strada luogo endereco rua logradouro \
         local adres straat locatie ulica miejsce lokalizacja lieu site place block intersection \
         carrer direccio lugar plaats fundort lage where morada adreca emplacement localizacao \
         localizacion localitzacio localizzazione localisation address1 addr1 adresse1 ortsangabe",
    ),
    (
        Area,
        "ward district neighborhood neighbourhood borough area precinct zone quartier \
         arrondissement secteur bezirk stadtteil ortsteil stadtbezirk distrito barrio zona \
         colonia quartiere municipio circoscrizione bairro freguesia regiao wijk buurt \
         stadsdeel dzielnica osiedle rejon council commune comuna districte barri suburb \
         locality parish sector regional boro localidad localidades beat township community",
    ),
    (
        Postcode,
        "zip zipcode postcode postal postale plz postleitzahl cap cep postnummer \
         codigopostal",
    ),
    (
        Latitude,
        "lat lati latitude latitud latitudine breitengrad breite breedtegraad noorderbreedte szer \
         szerokosc geobreite",
    ),
    (
        Longitude,
        "lon lng long longi longitude longitud longitudine langengrad lange laenge laengengrad \
         lengtegraad oosterlengte westerlengte dlugosc geolange",
    ),
    (East, "x xcoord coordx e east easting est ost osten rechtswert este oost"),
    (North, "y ycoord coordy n north northing nord norden hochwert norte noord"),
    (
        Point,
        "point geo geom geometry geopoint coordinates coordinate coord coords position gps wkt \
         coordonnees geometrie koordinaten koordinate coordenadas punto ponto coordinate \
         coordinaten wspolrzedne punkt geoshape shape latlon latlng lonlat",
    ),
    (
        Channel,
        "channel source origin method intake via canal origine kanal eingangskanal quelle \
         meldeweg origen medio canale provenienza origem meio kanaal bron zrodlo \
         interface device suport medium mode",
    ),
    (
        Parent,
        "parent duplicate duplicates master doublon duplikat duplicado duplicato duplicaat \
         duplikatu",
    ),
    (Code, "code codes codigo codice kod kode"),
    (Name, "name nom bezeichnung nombre nome naam nazwa label plain"),
];

/// What the words of a name mean.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NameWords {
    /// The concepts, each once, in the order of the name.
    pub concepts: Vec<Concept>,
    /// Words that no list has.
    pub unknown: u32,
    /// A program named the column: `_id`, `*id`, `:id`.
    pub is_technical: bool,
    /// The name is the word for an area and nothing else.
    pub is_bare_area: bool,
    /// It names a service and no request: its key is the code of a category.
    pub is_service: bool,
    /// It names who did something: `Closed By`, `Créée par`.
    pub is_agent: bool,
}

impl NameWords {
    /// Reads a name as its source writes it: split at signs and at `camelCase`, words written
    /// together (`SERVICEREQUESTID`, `Erstellungsdatum`) cut where the lists have all their parts.
    pub fn of(name: &str) -> Self {
        let is_technical = name.starts_with(['_', '*', ':']);
        let is_bare_area = fold(name) == "area";
        let mut words = Self { is_technical, is_bare_area, ..Self::default() };
        let parts = telling_words(name, &split(&with_number(name)));
        let says_service = |word: &str| SERVICES.iter().any(|stem| word.starts_with(stem));
        let says_request = REQUESTS.iter().any(|stem| parts.contains(stem));
        words.is_agent = says_agent(&parts);
        words.is_service = !says_request && parts.split(' ').any(says_service);
        for word in parts.split(' ').filter(|word| !word.is_empty()) {
            if word.chars().all(|c| c.is_ascii_digit()) {
                continue;
            }
            match concept(word).map(|one| vec![one]).or_else(|| compound(word)) {
                Some(concepts) => {
                    for concept in concepts {
                        if !words.has(concept) {
                            words.concepts.push(concept);
                        }
                    }
                }
                None => words.unknown += 1,
            }
        }
        if words.has_any(&[East, North]) {
            let named = parts.split(' ').filter(|word| concept(word).is_none() && is_system(word));
            words.unknown = words.unknown.saturating_sub(named.count() as u32);
        }
        words.add_planned(&parts);
        words
    }

    /// Adds what the words say together about times that are planned.
    fn add_planned(&mut self, parts: &str) {
        let named = NamedTimes {
            ends: self.has(Closed),
            dates: self.has(Date),
            begins_or_changes: self.has_any(&[Created, Updated]),
        };
        let parts: Vec<&str> = parts.split(' ').filter(|word| !word.is_empty()).collect();
        let named = NamedTimes { ends: named.ends || self.add_done(&parts, named), ..named };
        if !self.has(Expected) && says_planned(&parts, named) {
            self.concepts.push(Expected);
            self.unknown = self.unknown.saturating_sub(1);
        }
    }

    /// Adds the end that the words say together; does a name without a word for one have it now?
    fn add_done(&mut self, parts: &[&str], named: NamedTimes) -> bool {
        let is_done = !named.ends && says_done(parts, named.dates);
        if is_done {
            self.concepts.push(Closed);
            self.unknown = self.unknown.saturating_sub(1);
        }
        is_done
    }

    /// Does the name have a word of this kind?
    pub fn has(&self, concept: Concept) -> bool {
        self.concepts.contains(&concept)
    }

    /// Does it have a word of one of these kinds?
    pub fn has_any(&self, concepts: &[Concept]) -> bool {
        concepts.iter().any(|concept| self.has(*concept))
    }
}

/// Words behind which the name of a person is, at the end of a name such as `Closed By`, and words
/// for people.
const BY: [&str; 8] = ["by", "par", "von", "durch", "por", "door", "przez", "da"];
const PEOPLE: [&str; 12] = [
    "username",
    "userid",
    "employee",
    "staff",
    "operator",
    "operateur",
    "bearbeiter",
    "sachbearbeiter",
    "mitarbeiter",
    "operador",
    "operatore",
    "medewerker",
];

/// Do the words of a name say who did something?
fn says_agent(words: &str) -> bool {
    let last = words.split(' ').rfind(|word| !word.is_empty()).unwrap_or_default();
    let has_more = words.split(' ').filter(|word| !word.is_empty()).count() > 1;
    (has_more && BY.contains(&last)) || words.split(' ').any(|word| PEOPLE.contains(&word))
}

/// Beginnings of words for a service of the city, and parts of words for a request.
const SERVICES: [&str; 4] = ["serv", "svc", "dienst", "prob"];
const REQUESTS: [&str; 7] = ["req", "case", "call", "demand", "solicit", "anfrag", "richiest"];

/// Signs for a number, longer ones first.
const NUMBER_SIGNS: [&str; 5] = ["n.º", "n.°", "nº", "n°", "№"];

/// The name with the word `no` in place of a sign for a number: `N°`, `Case #`.
pub fn with_number(name: &str) -> String {
    let mut text = name.trim().to_owned();
    for sign in NUMBER_SIGNS {
        text = text.replace(sign, " no ").replace(&sign.replace('n', "N"), " no ");
    }
    if let Some(rest) = text.strip_suffix('#').or_else(|| text.strip_prefix('#')) {
        text = format!("{rest} no");
    }
    match text.strip_prefix("N.") {
        Some(rest) if rest.is_empty() || rest.starts_with(' ') => format!("no {rest}"),
        _ => text,
    }
}

/// The folded words of a name.
pub fn split(name: &str) -> Vec<String> {
    let (mut words, mut word) = (Vec::new(), String::new());
    let mut was_lower = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && was_lower) {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.push(c);
        }
        was_lower = c.is_lowercase();
    }
    words.push(word);
    words.iter().filter(|word| !word.is_empty()).map(|word| fold(word)).collect()
}

static CONCEPTS: LazyLock<HashMap<&str, Concept>> = LazyLock::new(|| {
    // Collected from the last entry to the first, because a later insertion replaces an earlier.
    let entries = WORDS.iter().rev();
    entries
        .flat_map(|(concept, list)| list.split_whitespace().map(|word| (word, *concept)))
        .collect()
});

/// Longest word that is cut into listed words, in bytes: it bounds the work for one name.
const COMPOUND_MAX: usize = 40;

fn concept(word: &str) -> Option<Concept> {
    CONCEPTS.get(word).copied()
}

/// The parts of a word that consists of listed words only, the longest first; `None` where a part
/// is not listed. A single letter is a part at the end only, as in `coordx`.
fn compound(word: &str) -> Option<Vec<Concept>> {
    if word.is_empty() {
        return Some(Vec::new());
    }
    if word.len() > COMPOUND_MAX {
        return None;
    }
    let cuts = word.char_indices().map(|(at, c)| at + c.len_utf8()).collect::<Vec<_>>();
    cuts.into_iter().rev().find_map(|cut| {
        let (first, rest) = word.split_at(cut);
        let wanted = if rest.is_empty() { 1 } else { 2 };
        if first.chars().count() < wanted {
            return None;
        }
        let mut parts = vec![concept(first)?];
        parts.extend(compound(rest)?);
        Some(parts)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_at_signs_capitals_and_between_listed_words() {
        for (name, concepts) in [
            ("SERVICEREQUESTID", vec![Request, Id]),
            ("DATETIMECLOSED", vec![Date, Closed]),
            ("dateCreated", vec![Date, Created]),
            ("Erstellungsdatum", vec![Created, Date]),
            ("Vorgangsnummer", vec![Request, Number]),
            ("Fecha de cierre", vec![Date, Request, Closed]),
            ("Data zamknięcia", vec![Date, Closed]),
            ("Straße", vec![Address]),
            ("SRX", vec![Request, East]),
            ("Längengrad", vec![Longitude]),
            ("Endereço", vec![Address]),
            ("meldingsnummer", vec![Request, Number]),
            ("N°", vec![Number]),
            ("Nº de dossier", vec![Number, Request]),
            ("Case #", vec![Request, Number]),
            ("N. pratica", vec![Number, Request]),
            ("N", vec![North]),
            ("Work order", vec![Request]),
            ("WORKORDERNUMBER", vec![Request, Number]),
            ("Zaaknummer", vec![Request, Number]),
        ] {
            let words = NameWords { concepts, ..NameWords::default() };
            assert_eq!(NameWords::of(name), words, "{name}");
        }
        assert!(NameWords::of("_id").is_technical && !NameWords::of("id").is_technical);
        assert_eq!(NameWords::of("platform").concepts, []);
        assert_eq!(NameWords::of("flux_capacitor").unknown, 2);
    }
}
