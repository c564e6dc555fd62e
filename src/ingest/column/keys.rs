//! Whose key a column has by its name: that of the request, or that of an asset, a person, a place
//! or an order, which many requests may share.

use crate::ingest::column::key_names::is_numbered;
use crate::ingest::column::owners::names_owner;
use crate::ingest::column::words::{Concept, NameWords, split, with_number};

/// Whose key a column is by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyOf {
    /// A request's: `Case Number`, `Meldungsnummer`.
    Request,
    /// The name says a key and nothing else: `ID`, `Nr.`.
    Plain,
    /// A work order's.
    Order,
    /// Something else's: `Asset ID`, `Phone Number`, `Numero di telefono`; or a count of requests.
    Other,
    /// That of something that no list has.
    Unknown,
}

/// Words for things, papers and places that have keys of their own, without accents, in English,
/// French, German, Spanish, Italian, Portuguese, Dutch and Polish. Each may have an `s` or an `n`.
const THINGS: &str = "\
    asset equipment facility inventory structure device lamp lamppost light streetlight luminaire \
    lantern pole column pillar tree bin container cart dumpster skip hydrant sign signal meter \
    valve pump manhole inlet outlet basin catchbasin gully drain sewer pipe bench bridge tunnel \
    culvert camera cabinet shelter stop bollard kiosk playground park parking parcel lot plot \
    tract apn bbl pin uprn usrn cadastral property premise premises building bldg apartment apt \
    suite floor room flat grid segment road route vehicle truck car plate license licence vin \
    permit invoice receipt bill payment account contract purchase voucher phone telephone mobile \
    cellphone cell fax email badge passport ssn nin meterread \
    arbre lampadaire candelabre poteau poteaux mat conteneur bac bouche regard borne banc panneau \
    panneaux compteur vanne pont parcelle cadastre cadastrale cadastraux batiment immeuble \
    vehicule plaque immatriculation permis facture contrat compte portable equipement ouvrage \
    troncon matricule inventaire \
    baum leuchte laterne lichtmast lichtpunkt mast pfosten behalter mulltonne tonne schild schacht \
    brucke anlage flurstuck flurstucks grundstuck grundstucks gebaude fahrzeug kennzeichen kfz \
    rechnung rechnungs vertrag vertrags telefon handy mobil inventar gerate konto spielplatz \
    arbol luminaria poste farola contenedor papelera hidrante senal semaforo medidor valvula pozo \
    banco puente parcela lote catastral catastro finca edificio inmueble vehiculo placa matricula \
    permiso licencia factura contrato cuenta telefono movil celular padron dni cedula \
    albero lampione palo cassonetto contenitore idrante cartello contatore tombino caditoia ponte \
    particella mappale catastale catasto immobile veicolo targa permesso licenza fattura contratto \
    conto cellulare \
    arvore contentor caixote lixeira papeleira sinal contador bueiro imovel predio veiculo licenca \
    fatura telefone telemovel conta cpf nif \
    boom lantaarn lantaarnpaal paal bak brandkraan bord kolk bank brug perceel perceels kadaster \
    kadastraal kadastrale gebouw pand voertuig kenteken factuur telefoon mobiel bsn \
    drzewo drzewa latarnia latarni slup slupa lampa lampy kosz kosza pojemnik pojemnika hydrantu \
    dzialka dzialki budynek budynku pojazd pojazdu rejestracyjny faktura faktury umowa umowy \
    telefonu pesel fanal contenidor semafor";

/// Words for a work order.
const ORDERS: &str = "\
    workorder wo order orders auftrag auftrags arbeitsauftrag orden ordine ordem werkorder \
    opdracht zlecenie zlecenia";

/// Words of [`Concept::Request`] that join others, or that name a person.
const NO_REQUESTS: &str = "\
    de du des la le les di da do del della der die das van het of the for user contact";

/// Beginnings of words for a service, which has a code of its own.
const SERVICES: [&str; 3] = ["serv", "svc", "dienst"];

/// Words of [`Concept::Id`] that name a request by themselves.
const TICKETS: &str = "\
    ticket ticketid folio protocolo protocollo aktenzeichen geschaftszeichen fitxa ficha sygnatura \
    kenmerk";

/// Words of names for a key that say nothing of whose it is.
const NEUTRAL: &str = "\
    unique tracking confirmation control file log job task docket inquiry matter intake entry item \
    sequence seq serial system internal external original primary main new old my our its local \
    portal public";

/// Ends of words for a key, as in `baumnummer` and `ASSETID`.
const KEYS: [&str; 12] =
    ["nummer", "number", "numero", "kennung", "code", "num", "ids", "key", "ref", "id", "nr", "no"];

/// Words for a count, and for many requests, which after a word for a number make one.
const COUNTS: &str = "\
    count counts total totals anzahl nb cantidad aantal liczba ilosc quantita quantidade quantity \
    qty";
const MANY: &str = "\
    requests cases calls complaints reports incidents tickets issues enquiries inquiries orders \
    demandes signalements plaintes requetes anomalies meldungen anfragen beschwerden vorgange \
    solicitudes quejas incidencias avisos peticiones reclamos denuncias segnalazioni richieste \
    reclami pedidos solicitacoes ocorrencias reclamacoes chamados meldingen klachten verzoeken \
    zgloszen wnioskow skarg spraw";

fn lists(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|known| known == word)
}

fn is_thing(word: &str) -> bool {
    let is_one = |word: &str| lists(THINGS, word);
    let mut ends = ["es", "s", "n"].into_iter();
    is_one(word) || ends.any(|end| word.strip_suffix(end).is_some_and(is_one))
}

/// The words of a name; of a word that ends with one for a key, what is before it.
fn words(name: &str) -> Vec<String> {
    let words = split(&with_number(name)).into_iter();
    let shortened = words.map(|word| {
        let is_whole = NameWords::of(&word).unknown == 0;
        let before = KEYS.into_iter().filter(|_| !is_whole).find_map(|end| word.strip_suffix(end));
        before.filter(|before| before.len() >= 3).map_or(word.clone(), str::to_owned)
    });
    shortened.filter(|word| !word.bytes().all(|b| b.is_ascii_digit())).collect()
}

/// Does a word name a request, and not only join others?
fn is_request(word: &str) -> bool {
    let is_service = || SERVICES.iter().any(|stem| word.starts_with(stem)) && !word.contains("req");
    lists(TICKETS, word)
        || is_numbered(word)
        || (NameWords::of(word).has(Concept::Request)
            && !lists(NO_REQUESTS, word)
            && !lists(ORDERS, word)
            && !is_service())
}

/// Does the name say how many requests a row counts?
pub fn names_count(name: &str) -> bool {
    let words = split(&with_number(name));
    let has = |list: &str| words.iter().any(|word| lists(list, word));
    // `nombre` is French for a number and Spanish for a name.
    let says_number = NameWords::of(name).has(Concept::Number) || has("nombre");
    has(COUNTS) || (says_number && has(MANY))
}

/// Does the name say that, and nothing else?
pub fn counts_requests(name: &str) -> bool {
    let is_of_count = |word: &String| {
        let concepts = NameWords::of(word);
        let of_requests = [Concept::Number, Concept::Request];
        let is_of_requests =
            concepts.unknown == 0 && concepts.concepts.iter().all(|one| of_requests.contains(one));
        is_of_requests || lists(COUNTS, word) || lists(MANY, word) || word == "nombre"
    };
    names_count(name) && split(&with_number(name)).iter().all(is_of_count)
}

/// Whose key a column of this name is.
pub fn key_of(name: &str) -> KeyOf {
    let words = words(name);
    if names_count(name) {
        return KeyOf::Other;
    }
    if words.iter().any(|word| is_request(word)) {
        return KeyOf::Request;
    }
    if words.iter().any(|word| is_thing(word) || names_owner(word)) {
        return KeyOf::Other;
    }
    let is_order = words.iter().any(|word| lists(ORDERS, word));
    if is_order {
        return KeyOf::Order;
    }
    let is_known = |word: &String| lists(NEUTRAL, word) || NameWords::of(word).unknown == 0;
    if words.iter().all(is_known) { KeyOf::Plain } else { KeyOf::Unknown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_requests_are_known_by_their_names() {
        for name in ["Count", "Number of requests", "Anzahl Meldungen", "Nombre de demandes"] {
            assert!(counts_requests(name), "{name}");
        }
        for name in ["photo_count", "Anzahl Personen", "Total cost", "Case number", "Nombre"] {
            assert!(!counts_requests(name), "{name}");
        }
    }

    #[test]
    fn names_of_keys_say_whose_they_are() {
        for (name, of) in [
            ("Case Number", KeyOf::Request),
            ("SERVICEREQUESTID", KeyOf::Request),
            ("Customer Request Number", KeyOf::Request),
            ("Tree Complaint Case No.", KeyOf::Request),
            ("Meldungsnummer", KeyOf::Request),
            ("Nº de expediente", KeyOf::Request),
            ("contacto", KeyOf::Request),
            ("Folio", KeyOf::Request),
            ("ID", KeyOf::Plain),
            ("N°", KeyOf::Plain),
            ("Unique Key", KeyOf::Plain),
            ("Tracking #", KeyOf::Plain),
            ("Work Order Number", KeyOf::Order),
            ("WO #", KeyOf::Order),
            ("Auftragsnummer", KeyOf::Order),
            ("id_dmr", KeyOf::Unknown),
            ("Zorgnummer", KeyOf::Unknown),
            ("Numéro de bouton", KeyOf::Unknown),
            ("ASSETID", KeyOf::Other),
            ("hydrant_no", KeyOf::Other),
            ("Meter Numbers", KeyOf::Other),
            ("customerNumber", KeyOf::Other),
            ("Applicant ID", KeyOf::Other),
            ("Numéro de compteur", KeyOf::Other),
            ("Laternennummer", KeyOf::Other),
            ("Kundennummer", KeyOf::Other),
            ("Número de contenedor", KeyOf::Other),
            ("Codice cassonetto", KeyOf::Other),
            ("Número do imóvel", KeyOf::Other),
            ("perceelnummer", KeyOf::Other),
            ("Numer budynku", KeyOf::Other),
            ("Number of complaints", KeyOf::Other),
            ("Nombre de signalements", KeyOf::Other),
            ("Anzahl", KeyOf::Other),
        ] {
            assert_eq!(key_of(name), of, "{name}");
        }
    }
}
