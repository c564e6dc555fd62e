//! Words of column names in English, French, German, Spanish, Italian, Portuguese, Dutch and
//! Polish, each with what it means.

use Concept::{
    Address, Answer, Area, Category, Channel, Closed, Code, Created, Date, East, Expected, Finer,
    Group, House, Id, Latitude, Longitude, Name, North, Number, Outcome, Parent, Period, Point,
    Postcode, Request, RowNumber, State, Status, Text, Updated,
};

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
pub const WORDS: [(Concept, &str); 31] = [
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
         reported submit requested added entered entry init initiated logged start started creee \
         cree ouverture ouvert decl declaration declare depot recue reception saisie debut \
         erstellt erstellung erstellungs eingang eingangs eingegangen gemeldet angelegt eroffnet \
         erfasst creado creacion apertura alta recepcion inicio registro ingreso creazione \
         inserimento aperto ricezione inizio criacao abertura criado entrada aangemaakt aanmaak \
         ingediend ontvangst ontvangen gemeld aangemeld begin utworzenia utworzono zgloszono \
         przyjecia wplywu dodania rejestracji meld melde raised lodged filed logging reportado \
         signale einlangen melden registo registratie registratiedatum",
    ),
    (
        Date,
        "date dates datetime time timestamp dt dttm dtm day moment horodatage heure datum zeit \
         zeitpunkt zeitstempel \
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
         subject2 detail2 subtema sousrubrique sottoargomento sotto onder",
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
         gruppe amt abteilung fachbereich zustandigkeit grupo departamento unidad unidade \
         unidades gruppo ufficio \
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
        "description descript descr descriptn details detail text title summary \
         descriptif libelle message resume titre \
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
    (Name, "name nom bezeichnung nombre nome naam nazwa label plain alias"),
];
