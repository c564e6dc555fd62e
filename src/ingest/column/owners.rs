//! Columns whose names speak of a person or an office: their address, area or place is not that of
//! the report, and the address of a private person is not for publication.

use crate::ingest::column::words::{Concept, NameWords, split};

/// Fields that say where a report is.
const PLACES: [&str; 8] = ["address", "area", "zipcode", "point", "lat", "lon", "x", "y"];

/// Certainty of a field that belongs to a person or an office: it is not read without a decision.
const OF_OTHERS: f64 = 0.5;

/// Concepts of the words that stand beside a person's in a compound such as `owneraddress`.
const WHERE: [Concept; 8] = [
    Concept::Address,
    Concept::Area,
    Concept::Postcode,
    Concept::Latitude,
    Concept::Longitude,
    Concept::East,
    Concept::North,
    Concept::Point,
];

/// Words for people who report or work, and for what is theirs, without accents, in English,
/// French, German, Spanish, Italian, Portuguese, Dutch and Polish. English ones may have an `s`.
const OWNERS: &str = "\
    caller reporter requester requestor complainant complainer submitter submittor customer owner \
    citizen constituent resident residential applicant petitioner claimant sender informant \
    author client user contact party person personal taxpayer tenant landlord homeowner \
    householder witness originator initiator enquirer inquirer notifier mailing billing \
    correspondence home office headquarters hq warehouse staff agent employee worker officer \
    inspector technician operator dispatcher contractor vendor crew vehicle truck taker agency \
    demandeur demandeuse plaignant plaignante declarant declarante usager usagere citoyen \
    citoyenne appelant appelante requerant requerante signalant proprietaire expediteur administre \
    riverain habitant contribuable abonne correspondance facturation employe technicien inspecteur \
    operateur bureau agence locataire interlocuteur temoin \
    melder meldende meldenden meldender anrufer anrufers anruferin antragsteller antragstellers \
    antragstellerin beschwerdefuhrer beschwerdefuhrers burger burgers burgerin kunde kunden \
    kundin eigentumer eigentumers eigentumerin absender absenders einreicher einreichers einsender \
    einsenders hinweisgeber hinweisgebers anzeigeerstatter nutzer nutzers benutzer benutzers \
    bewohner anwohner wohnadresse wohnanschrift postanschrift meldeadresse heimatadresse \
    privatadresse rechnungsadresse rechnung rechnungs korrespondenz dienststelle buro \
    mitarbeiter mitarbeiters sachbearbeiter inspektor kontakt ansprechpartner verfasser mieter \
    privat wohnsitz \
    solicitante denunciante reclamante ciudadano ciudadana vecino vecina interesado interesada \
    informante usuario usuaria titular cliente propietario propietaria contribuyente remitente \
    oficina correspondencia facturacion agente empleado operador peticionario quejoso \
    richiedente segnalante segnalatore cittadino cittadina utente proprietario mittente \
    ufficio corrispondenza fatturazione operatore dipendente esponente intestatario \
    requerente municipe cidadao cidada utente morador queixoso escritorio faturacao faturamento \
    funcionario manifestante remetente \
    indiener aanvrager klager klant eigenaar afzender beller inwoner bewoner gebruiker aanmelder \
    woonadres thuisadres postadres factuuradres correspondentie kantoor medewerker ambtenaar \
    zglaszajacy zglaszajacego zglaszajacej wnioskodawca wnioskodawcy skarzacy skarzacego \
    mieszkaniec mieszkanca obywatel obywatela klient klienta wlasciciel wlasciciela nadawca \
    nadawcy uzytkownik uzytkownika dzwoniacy dzwoniacego interesant interesanta petent petenta \
    zamieszkania zameldowania korespondencyjny korespondencji biuro biura pracownik pracownika \
    siedziba siedziby inspektora";

/// Words for the members of a council and for who is in charge of an area. Their district is an
/// area of the city; they are none.
const ELECTED: &str = "\
    member members councilmember councilmembers councilman councilwoman councilor councillor \
    alderman alderwoman alderperson representative senator commissioner elu elue conseiller \
    conseillere mitglied ratsmitglied abgeordneter stadtrat concejal regidor consigliere vereador \
    vereadora raadslid wethouder radny radnego radna \
    manager supervisor supervisors engineer coordinator foreman warden ranger planner \
    superintendent captain responsable gestionnaire ingenieur coordinateur coordinatrice directeur \
    directrice \
    superviseur chef leiter leiterin bezirksleiter leitung koordinator koordinatorin betreuer \
    beauftragter encargado encargada jefe ingeniero coordinador supervisora director gestor \
    responsabile capo ingegnere coordinatore gestore referente dirigente responsavel chefe \
    engenheiro coordenador beheerder opzichter verantwoordelijke leider kierownik inzynier \
    koordynator zarzadca";

/// Words for a council, which alone name no district.
const COUNCILS: &str = "council conseil rat consejo consiglio conselho raad rada rady";

/// Words between the name of something and that of whose it is.
const JOINING: &str = "of for de du des do da del della dei di van der den";

/// Words for a place of a city's service in English, and words beside which the same letters are
/// French for a heap of waste: `Lieu du dépôt`.
const DEPOTS: [&str; 2] = ["depot", "depots"];
const FRENCH: &str = "du de des d le la les lieu adresse coordonnees sauvage";

/// Does a list of words have this one?
fn lists(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|known| known == word)
}

fn is_owner(word: &str) -> bool {
    lists(OWNERS, word) || word.strip_suffix('s').is_some_and(|one| lists(OWNERS, one))
}

/// Is a word one for a person or an office, alone or before one for a place (`owneraddress`,
/// `kundenanschrift`)?
pub fn names_owner(word: &str) -> bool {
    let before_place = |cut: usize| {
        let Some((first, rest)) = word.split_at_checked(cut) else { return false };
        is_owner(first) && is_place_word(rest)
    };
    is_owner(word) || (3..word.len().min(24)).any(before_place)
}

fn is_place_word(word: &str) -> bool {
    let words = NameWords::of(word);
    words.unknown == 0 && words.has_any(&WHERE)
}

/// Does the name of a column speak of a person or an office, so that its place is theirs?
pub fn names_person_or_office(name: &str) -> bool {
    let words = split(name);
    if words.iter().any(|word| names_owner(word)) {
        return true;
    }
    let is_french = name.contains(['ô', 'Ô']) || words.iter().any(|word| lists(FRENCH, word));
    if !is_french && words.iter().any(|word| DEPOTS.contains(&word.as_str())) {
        return true;
    }
    // `reported by address`: the address of whoever reported it.
    let by = words.iter().zip(words.iter().skip(1)).any(|(word, next)| {
        lists("by par von door por", next) && NameWords::of(word).has(Concept::Created)
    });
    by || names_elected(&words)
}

/// Do the words of a name speak of a member of a council or of who is in charge of an area, and
/// not of their district: `Council Member`, `Area Manager`, but not `Council Member District`?
fn names_elected(words: &[String]) -> bool {
    let is_district =
        |word: &String| !lists(COUNCILS, word) && NameWords::of(word).has(Concept::Area);
    let is_elected = |word: &String| lists(ELECTED, word);
    let joins = |word: Option<&String>| word.is_some_and(|word| lists(JOINING, word));
    if !words.iter().any(is_elected) {
        return false;
    }
    if !words.iter().any(is_district) {
        return true;
    }
    // Of an English compound the last word says what it is, of others the one before `de`.
    let named: Vec<&String> =
        words.iter().filter(|word| !word.bytes().all(|b| b.is_ascii_digit())).collect();
    let last = named.len().saturating_sub(1);
    let is_last = named.get(last).is_some_and(|word| is_elected(word))
        && !joins(named.get(last.wrapping_sub(1)).copied());
    let is_first =
        named.first().is_some_and(|word| is_elected(word)) && joins(named.get(1).copied());
    is_last || is_first
}

/// The guess of a column of this name: a place of somebody else is below the certainty from which
/// columns are read, and none where the column has no value. The second value says whether it is.
pub fn without_owners(
    guess: Option<(&'static str, f64)>,
    name: &str,
    is_filled: bool,
) -> (Option<(&'static str, f64)>, bool) {
    match guess {
        Some((field, certainty)) if PLACES.contains(&field) && names_person_or_office(name) => {
            (Some((field, certainty.min(OF_OTHERS))).filter(|_| is_filled), true)
        }
        other => (other, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_people_and_offices_in_eight_languages() {
        for name in [
            "Caller's Address",
            "addr_requestor",
            "CitizenLocation",
            "owneraddress",
            "Complainants street",
            "Reported By Address",
            "HQ longitude",
            "depot_lat",
            "Council Member",
            "Ward Councillor",
            "District Council Member",
            "Councillor for the ward",
            "Conseiller de quartier",
            "Concejal del distrito",
            "Area Manager",
            "Zone Supervisor",
            "District Engineer",
            "Área responsable",
            "Gestore di zona",
            "Quartier du plaignant",
            "adresse de correspondance",
            "Anschrift der Antragstellerin",
            "Kundenanschrift",
            "Wohnadresse",
            "Distrito del solicitante",
            "Indirizzo del richiedente",
            "Endereço do munícipe",
            "Adres indiener",
            "woonadres",
            "Adres zgłaszającego",
            "adres korespondencyjny",
        ] {
            assert!(names_person_or_office(name), "{name}");
        }
        for name in [
            "Address",
            "Incident location",
            "Reported location",
            "Property address",
            "Council District",
            "Council member district",
            "Ward of councillor",
            "Distrito del concejal",
            "Councillor Ward",
            "Supervisor District",
            "Police Precinct",
            "Lieu du dépôt",
            "adresse_du_depot",
            "Quartier",
            "Adresse de l'intervention",
            "Meldungsadresse",
            "Fundort",
            "Lugar del aviso",
            "Indirizzo segnalazione",
            "Local da ocorrência",
            "Locatie melding",
            "Adres zgłoszenia",
        ] {
            assert!(!names_person_or_office(name), "{name}");
        }
    }
}
